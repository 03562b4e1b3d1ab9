"""Writes docs/patterns: each pattern's requirements, from the features."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from patternproof.examples import examples
from patternproof.outcome import Way
from patternproof.patterns import PATTERNS, Pattern
from patternproof.requirements import EDITION, Requirement, catalogue, feature_file, parsed

FOLDER = Path(__file__).parent.parent / "docs" / "patterns"
WAYS = {
    Way.FEATURE: "examples",
    Way.MACHINE: "histories held against a model",
    Way.INTERLEAVINGS: "schedules of concurrent programs",
    Way.LOAD: "load",
}
MOST_NAMED = 12
"""Examples of one requirement that are named."""


def pages() -> dict[Path, str]:
    """The text of every page."""
    return {FOLDER / "index.md": _index()} | {FOLDER / f"{stem}.md": _page(pattern) for stem, pattern in PATTERNS.items()}


def _of(pattern: Pattern) -> list[Requirement]:
    return [each for each in catalogue().values() if each.pattern == pattern.stem]


def _index() -> str:
    rows = [
        f"| [{pattern.title}]({stem}.md) | {pattern.prefix} | {' | '.join(map(str, _counts(pattern)))} |"
        for stem, pattern in PATTERNS.items()
    ]
    return "\n".join(
        [
            "# The patterns",
            "",
            f"{len(catalogue())} requirements of edition {EDITION}. A *must* decides on conformance, and so does a *may* that an",
            "adapter claims; a *should* is reported, and decides nothing.",
            "",
            "| pattern | ids | must | should | may |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _counts(pattern: Pattern) -> list[int]:
    return [sum(each.level == level for each in _of(pattern)) for level in ("must", "should", "may")]


def _page(pattern: Pattern) -> str:
    description = [line.strip() for line in parsed(feature_file(pattern.stem))["description"].strip().splitlines()]
    parts = [
        f"# {pattern.title.capitalize()}\n",
        "\n".join(description) + "\n",
        f"An adapter offers it by {_code(pattern.factories, ' or ')}; `patternproof.ports.{pattern.stem}` says what that gives.",
        f"Claims: {_code(sorted(pattern.claims), ', ') or 'none'}.\n",
        *(line for requirement in _of(pattern) for line in _requirement(requirement)),
    ]
    return "\n".join(parts)


def _code(names: Iterable[str], between: str) -> str:
    return between.join(f"`{name}`" for name in names)


def _requirement(requirement: Requirement) -> Iterator[str]:
    standing = requirement.level + (f", claim `{requirement.claim}`" if requirement.claim else "")
    ways = ", ".join(words for way, words in WAYS.items() if way in requirement.ways)
    yield f"## {requirement.id} ({standing})\n"
    yield f"**{_escaped(requirement.sentence)}**\n"
    yield f"{_escaped(requirement.why)}\n"
    if requirement.broken_by:
        yield f"Broken by: {_escaped(requirement.broken_by)}.\n"
    yield f"Exercised by {ways}.\n"
    names = list(
        dict.fromkeys(
            each.template.name for each in examples(feature_file(requirement.pattern)) if each.requirement == requirement.id
        )
    )
    yield from (f"- {_escaped(name)}" for name in names[:MOST_NAMED])
    if names:
        yield f"- and {len(names) - MOST_NAMED} more\n" if len(names) > MOST_NAMED else ""


def _escaped(text: str) -> str:
    for character in "\\`*<[":
        text = text.replace(character, f"\\{character}")
    return text


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")
