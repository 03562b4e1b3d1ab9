"""The verdict as a badge."""

from __future__ import annotations

from patternproof.report.json import Report
from patternproof.verdict import Conformance

CHARACTER = 7
"""Pixels that a character takes; the text is fitted to what it is given."""
_COLOURS = {Conformance.CONFORMANT: "#1a7f3c", Conformance.NOT_CONFORMANT: "#b42318", Conformance.KNOWN_FAILURES: "#8a5a00"}
_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {text}">
<title>{label}: {text}</title>
<rect width="{width}" height="20" rx="3" fill="#3c434d"/>
<path d="M{left} 0h{path}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{path}z" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="6" y="14" textLength="{inner_left}">{label}</text>
<text x="{start}" y="14" textLength="{inner_right}">{text}</text>
</g>
</svg>
"""


def render(report: Report) -> str:
    """An SVG with the verdict, and how many requirements passed of those that were tried."""
    label, text = "patternproof", said(report)
    left, right = (CHARACTER * len(words) + 12 for words in (label, text))
    return _SVG.format(
        label=label,
        text=text,
        width=left + right,
        left=left,
        path=right - 3,
        start=left + 6,
        inner_left=left - 12,
        inner_right=right - 12,
        colour=_COLOURS.get(report.conformance, "#4d5560"),
    )


def said(report: Report) -> str:
    """The verdict in a few words."""
    unexpected = sum(each.unexpected for each in report.requirements)
    if report.conformance is Conformance.NOT_CONFORMANT and unexpected:
        return f"{unexpected} of {sum(report.ledger.values())} fail"
    return str(report.conformance)
