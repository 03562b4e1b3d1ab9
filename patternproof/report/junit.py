"""The JUnit report: a test case for each requirement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from patternproof.console import plain
from patternproof.report.failure import evidence
from patternproof.report.json import Report, RequirementPart
from patternproof.verdict import Kind

_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(reports: Sequence[Report]) -> bytes:
    """The verdicts as JUnit's XML: a suite for each pattern."""
    names = ", ".join(report.adapter.name for report in reports)
    root = ElementTree.Element("testsuites", name=plain(f"patternproof: {names}"))
    for report in reports:
        for pattern, group in groupby(report.requirements, key=lambda each: each.pattern):
            suite = ElementTree.SubElement(root, "testsuite", {"name": _suite(pattern, report, reports)})
            suite.extend(_case(each) for each in group)
            suite.set("tests", str(len(suite)))
            for attribute, tag in _COUNTED.items():
                suite.set(attribute, str(sum(case.find(tag) is not None for case in suite)))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _suite(pattern: str, report: Report, reports: Sequence[Report]) -> str:
    return pattern if len(reports) == 1 else plain(f"{report.adapter.name}: {pattern}")


def _case(part: RequirementPart) -> ElementTree.Element:
    name = plain(f"{part.id} {part.sentence}")
    case = ElementTree.Element("testcase", classname=f"patternproof.{part.pattern}", name=name)
    properties = ElementTree.SubElement(case, "properties")
    for name, value in (("requirement", part.id), ("level", part.level), ("verdict", part.verdict)):
        ElementTree.SubElement(properties, "property", name=name, value=value)
    reason = plain(part.reason)
    if part.unexpected:
        text = plain("\n".join(evidence(part, part.failures))) if part.failures else reason
        ElementTree.SubElement(case, "failure", message=reason).text = text
    elif part.verdict is Kind.ERRORED:
        ElementTree.SubElement(case, "error", message=reason, type=str(part.blame))
    elif part.verdict is not Kind.PASSED:
        ElementTree.SubElement(case, "skipped", message=f"{part.verdict}: {reason}")
    return case
