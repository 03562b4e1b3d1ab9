"""The JUnit report: a test case for each requirement."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

from patternproof.report.failure import plain, told
from patternproof.verdict import Kind, Verdict, Verdicts

_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def write(path: Path, verdicts: Verdicts) -> None:
    """Write the verdicts as JUnit's XML: a suite for each pattern."""
    root = ElementTree.Element("testsuites", name=f"patternproof: {verdicts.adapter.name}")
    for pattern, group in groupby(verdicts.verdicts, key=lambda verdict: verdict.requirement.pattern):
        cases = [_case(verdict) for verdict in group]
        counts = {attribute: str(_count(cases, tag)) for attribute, tag in _COUNTED.items()}
        suite = ElementTree.SubElement(root, "testsuite", {"name": pattern, "tests": str(len(cases)), **counts})
        suite.extend(cases)
    ElementTree.indent(root)
    path.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _count(cases: list[ElementTree.Element], name: str) -> int:
    return sum(case.find(name) is not None for case in cases)


def _case(verdict: Verdict) -> ElementTree.Element:
    requirement = verdict.requirement
    name = f"{requirement.id} {requirement.sentence}"
    case = ElementTree.Element("testcase", classname=f"patternproof.{requirement.pattern}", name=name)
    properties = ElementTree.SubElement(case, "properties")
    for name, value in (("requirement", requirement.id), ("level", requirement.level), ("verdict", verdict.kind)):
        ElementTree.SubElement(properties, "property", name=name, value=value)
    if verdict.unexpected:
        text = "\n".join(told(verdict)) if verdict.failures else verdict.reason
        ElementTree.SubElement(case, "failure", message=plain(verdict.reason)).text = text
    elif verdict.kind is Kind.ERRORED:
        ElementTree.SubElement(case, "error", message=plain(verdict.reason), type=str(verdict.blame))
    elif verdict.kind is not Kind.PASSED:
        ElementTree.SubElement(case, "skipped", message=plain(f"{verdict.kind}: {verdict.reason}"))
    return case
