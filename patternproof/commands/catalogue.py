"""``patternproof list`` and ``patternproof explain``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module

import msgspec
from rich.table import Table
from rich.text import Text

from patternproof.console import PlainConsole
from patternproof.outcome import AdapterError, Way
from patternproof.patterns import PATTERNS, Pattern
from patternproof.report.terminal import indented
from patternproof.requirements import EDITION, Requirement, catalogue, feature_file, nearest
from patternproof.settings import selection, split
from patternproof.verdict import Exit

_HOW = {
    Way.FEATURE: "examples in Gherkin",
    Way.MACHINE: "histories held against a model: those below, then many drawn at random",
    Way.INTERLEAVINGS: "short concurrent programs in every order, with every distance",
    Way.LOAD: "many callers at a time; not in this version",
}


def list_requirements(
    patterns: Iterable[str], levels: Iterable[str], claims: Iterable[str], ways: Iterable[Way], json: bool
) -> int:
    """Print the requirements that are all of this.

    Raises:
        AdapterError: a usage error: a name that is not known, or nothing that is all of this.
    """
    selected, claims, ways = selection(patterns, (), levels), _claims(claims), set(ways)
    found = [
        each
        for each in catalogue().values()
        if each in selected and (not claims or each.claim in claims) and (not ways or each.ways & ways)
    ]
    if not found:
        raise AdapterError("no requirement is all of that; `patternproof list` alone shows every one")
    if json:
        sys.stdout.write(_json(found))
    else:
        PlainConsole(highlight=False).print(_table(found))
    return Exit.CONFORMANT


def _claims(names: Iterable[str]) -> set[str]:
    known = {claim for pattern in PATTERNS.values() for claim in pattern.claims}
    given = set(split(names))
    for name in sorted(given - known):
        raise AdapterError(f"--claim {name}: there is none; {nearest(name, known)}")
    return given


def _json(requirements: Iterable[Requirement]) -> str:
    rows = [{**msgspec.to_builtins(each), "ways": [way for way in Way if way in each.ways]} for each in requirements]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n"


def _table(requirements: Iterable[Requirement]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("ways", no_wrap=True)
    table.add_column("requirement", ratio=1)
    for each in requirements:
        ways = "".join(way[0].upper() if way in each.ways else "·" for way in Way)
        claim = f" (claim {each.claim})" if each.claim else ""
        table.add_row(each.id, each.level, ways, Text(each.sentence + claim))
    return table


def explain_requirement(identifier: str) -> int:
    """Print what a requirement means, how it is exercised, and how it breaks.

    Raises:
        AdapterError: a usage error: there is none of this id; the nearest ones.
    """
    requirement = catalogue().get(identifier.upper())
    if requirement is None:
        raise AdapterError(f"no requirement {identifier!r}; {nearest(identifier, catalogue())}")
    console = PlainConsole(highlight=False)
    console.print(Text(f"{requirement.id}  {PATTERNS[requirement.pattern].title}, {_standing(requirement)}", "bold"))
    console.print(Text(requirement.sentence))
    _paragraph(console, "Why", requirement.why)
    _paragraph(console, "Offered by", "; ".join(_offers(PATTERNS[requirement.pattern])))
    console.print(Text("\nExercised by:", "bold"))
    for line in _ways(requirement):
        indented(f"  {line}", console)
    _paragraph(console, "Usually broken by", requirement.broken_by)
    for title, lines in import_module("patternproof.judge").examples(requirement.id):
        _paragraph(console, "How it breaks", title)
        for line in lines:
            indented(f"  {line}", console)
    if requirement.ways != {Way.LOAD}:
        _paragraph(console, "To see it alone", f"patternproof run --adapter ADAPTER --requirement {requirement.id}")
    return Exit.CONFORMANT


def _offers(pattern: Pattern) -> Iterator[str]:
    """Of a pattern with several factories, what each takes in an adapter."""
    for factory, over in pattern.parts.items():
        yield factory + (f", or the reference's over {' and '.join(over)}" if over else "")


def _ways(requirement: Requirement) -> Iterator[str]:
    for way in Way:
        if way in requirement.ways:
            yield f"{way}: {_HOW[way]}"
        if way is Way.FEATURE and way in requirement.ways:
            from patternproof.examples import examples  # pytest-bdd is imported only by who shows examples

            names = [
                each.template.name for each in examples(feature_file(requirement.pattern)) if each.requirement == requirement.id
            ]
            yield from (f"  - {name}" for name in dict.fromkeys(names))


def _standing(requirement: Requirement) -> str:
    claim = f", claim {requirement.claim}" if requirement.claim else ""
    provisional = f", provisional until edition {EDITION + 1}" if requirement.provisional else ""
    return f"{requirement.level}{claim}{provisional}"


def _paragraph(console: PlainConsole, title: str, text: str) -> None:
    if text:
        console.print()
        console.print(Text.assemble((f"{title}:", "bold"), f" {text}"))
