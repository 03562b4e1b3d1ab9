"""What in an answer belongs to the inside."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TRACEBACKS = (
    r"Traceback \(most recent call last\)",
    r"File \\?\"[^\"\\]+\.py\\?\", line \d+",
    r"\bat [\w$.<>]+\([\w$]+\.java:\d+\)",
    r"\bat .{1,80}\(?/[^\s()]+\.[cm]?[jt]s:\d+:\d+\)?",
    r"\bgoroutine \d+ \[",
    r"\bthread '[^']*' panicked at ",
    r"[\w/.-]+\.rb:\d+:in [`']",
    r"#0 /[^\s(]+\.php\(\d+\)",
)
_PATHS = (
    r"(?<![\w.:/])/(?:etc|mnt|opt|private|root|srv|tmp|usr|var)/[\w.@+-]+(?:/[\w.@+-]+)*",
    # These begin addresses of pages as well, so that only a file of code or settings counts.
    r"(?<![\w.:/])/(?:app|home|Users|workspace)/(?:[\w.@+-]+/)*[\w@+-]+\.(?:py|rb|go|rs|java|[cm]?[jt]s|php|conf|ini|toml|env|db)\b",
    r"\b[A-Za-z]:\\\\?(?:[\w.-]+\\\\?)+",
    r"(?:[\w.-]+/)*site-packages/[\w./-]+",
)
_ADDRESSES = (
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/@:\"]+:[^\s/@\"]+@[\w.-]+",
    r"\b(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})\b(?::\d+)?",
    r"\b[\w-]+(?:\.[\w-]+)*\.(?:internal|local|svc|lan):\d{2,5}\b",
)
KINDS = {"a traceback": _TRACEBACKS, "a file path": _PATHS, "an internal address": _ADDRESSES}
"""By what it is, how it is known; that a pattern misses something accuses nobody."""
_COMPILED = {what: [re.compile(pattern) for pattern in patterns] for what, patterns in KINDS.items()}


def insides(answer: str, asked: str) -> Iterator[tuple[str, str]]:
    """What of the inside is in an answer, and the words; what the client said itself, or where it asked, tells it nothing.

    Args:
        answer: body and headers.
        asked: everything that the client sent, its address included.
    """
    for what, patterns in _COMPILED.items():
        for pattern in patterns:
            found = next((match for match in pattern.finditer(answer) if match[0] not in asked), None)
            if found is not None:
                yield what, found[0]
                break
