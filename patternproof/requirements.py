"""The catalogue of requirements, read from the features."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

import patternproof
from patternproof.outcome import KitError, Way
from patternproof.patterns import PATTERNS, Pattern

EDITION = 1
"""The edition that verdicts are given for; later requirements are provisional until the next one."""

Level = Literal["must", "should", "may"]
LEVELS: tuple[Level, ...] = ("must", "should", "may")
_ID = re.compile(r"[A-Z]{2}-\d{2}")
_BROKEN_BY = "broken by:"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that must, should or may hold of a pattern; a `Rule` of its feature."""

    id: str
    level: Level
    pattern: str
    """Stem of the pattern, such as ``"circuit_breaker"``."""
    sentence: str
    why: str
    broken_by: str
    """What usually breaks it; empty where nothing is known."""
    ways: frozenset[Way]
    claim: str | None = None
    """Of a `may`: the capability that an adapter claims to have it tested."""
    edition: int = 1
    provisional: bool = False
    """It runs and is reported, and does not count until the next edition."""


def features_folder() -> Path:
    """The folder of the kit's own features, in a checkout and in a wheel alike.

    Raises:
        KitError: there is none.
    """
    for root in patternproof.__path__:
        folder = Path(root) / "features"
        if folder.is_dir():
            return folder
    raise KitError(f"the kit has no folder 'features' in {', '.join(patternproof.__path__)}: install it again")


def feature_file(pattern: str) -> Path:
    """The feature of a pattern; it need not exist yet."""
    return features_folder() / f"{pattern}.feature"


@cache
def catalogue() -> Mapping[str, Requirement]:
    """Every requirement by its id, in the order of the registry and of the files.

    Raises:
        KitError: a feature is malformed, or an id is used twice.
    """
    found: dict[str, Requirement] = {}
    for pattern in PATTERNS.values():
        path = feature_file(pattern.stem)
        for requirement in read_feature(path, pattern) if path.is_file() else ():
            if requirement.id in found:
                raise KitError(f"{path}: {requirement.id} is used twice; ids are permanent, take the next free one")
            found[requirement.id] = requirement
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that names the known names most like `name`, or all of them; for the end of an error message."""
    names = sorted(map(str, known))
    close = get_close_matches(name.upper(), [each.upper() for each in names], n=3, cutoff=0.6)
    similar = [each for each in names if each.upper() in close]
    if similar:
        return f"did you mean {' or '.join(repr(each) for each in similar)}?"
    return f"known are: {', '.join(names) or 'none'}"


def read_feature(path: Path, pattern: Pattern) -> list[Requirement]:
    """The requirements of one feature.

    Raises:
        KitError: it is no Gherkin, or a Rule of it is not written as requirements are.
    """
    requirements = [_requirement(rule, path, pattern) for rule in _rules(path)]
    if not requirements:
        raise KitError(f"{path}: no Rule in this feature; each requirement is one Rule")
    return requirements


def _rules(path: Path) -> list[dict[str, Any]]:
    feature = parsed(path)
    stray = [child for child in feature["children"] if "scenario" in child]
    if stray:
        line = stray[0]["scenario"]["location"]["line"]
        raise KitError(f"{path}:{line}: an Example outside of any Rule; no requirement would be credited with it")
    return [child["rule"] for child in feature["children"] if "rule" in child]


def parsed(path: Path) -> dict[str, Any]:
    """The syntax tree of a feature.

    Raises:
        KitError: file, line and text of what is no Gherkin.
    """
    from gherkin.errors import ParserError  # the parser takes 20 ms to import: only who reads features pays
    from gherkin.parser import Parser

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KitError(f"{path}: cannot be read: {error}") from error
    try:
        feature = Parser().parse(text).get("feature")
    except ParserError as error:
        raise KitError(_syntax(path, text, error)) from error
    if not feature:
        raise KitError(f"{path}: an empty feature; begin with 'Feature: ...'")
    return dict(feature)


def _syntax(path: Path, text: str, error: Any) -> str:
    first = getattr(error, "errors", [error])[0]
    line = first.location["line"]
    lines = text.splitlines()
    quoted = lines[line - 1].strip() if 0 < line <= len(lines) else "the end of the file"
    reason = re.sub(r"^\(\d+:\d+\): ", "", str(first))
    return f"{path}:{line}: not Gherkin, at {quoted!r}: {reason}"


def _requirement(rule: Mapping[str, Any], path: Path, pattern: Pattern) -> Requirement:
    where = f"{path}:{rule['location']['line']}"
    tags = [tag["name"].removeprefix("@") for tag in rule["tags"]]
    why, broken_by = _described(rule["description"])
    level = _level(tags, where)
    requirement = Requirement(
        id=_only([tag for tag in tags if _ID.fullmatch(tag)], "id, such as @CB-07,", where),
        level=level,
        pattern=pattern.stem,
        sentence=rule["name"].strip(),
        why=why,
        broken_by=broken_by,
        ways=frozenset(way for way in Way if way in tags),
        claim=_claim(tags, level, pattern, where),
        edition=_edition(tags, where),
        provisional="provisional" in tags,
    )
    _refuse_unknown_tags(tags, where)
    _refuse_malformed(requirement, rule, pattern, where)
    return requirement


def _only(values: Sequence[str], what: str, where: str) -> str:
    if len(values) != 1:
        raise KitError(f"{where}: a Rule has exactly one {what} among its tags; this one has {list(values)}")
    return values[0]


def _level(tags: Sequence[str], where: str) -> Level:
    found = [level for level in LEVELS if level in tags]
    _only(found, "level, @must, @should or @may,", where)
    return found[0]


def _claim(tags: Sequence[str], level: Level, pattern: Pattern, where: str) -> str | None:
    claims = [tag.removeprefix("claim-") for tag in tags if tag.startswith("claim-")]
    if level != "may":
        if claims:
            raise KitError(f"{where}: only a @may has a claim; this @{level} has {claims}")
        return None
    claim = _only(claims, "claim, such as @claim-manual_control,", where)
    if claim not in pattern.claims:
        raise KitError(f"{where}: {pattern.stem} has no claim {claim!r}; {nearest(claim, pattern.claims)}")
    return claim


def _edition(tags: Sequence[str], where: str) -> int:
    editions = [tag.removeprefix("edition-") for tag in tags if tag.startswith("edition-")]
    if not editions:
        return 1
    edition = _only(editions, "edition, such as @edition-2,", where)
    if not edition.isdecimal():
        raise KitError(f"{where}: an edition is a number, such as @edition-2; this one is @edition-{edition}")
    return int(edition)


def _refuse_unknown_tags(tags: Sequence[str], where: str) -> None:
    known = {*LEVELS, *Way, "provisional"}
    for tag in tags:
        if tag not in known and not _ID.fullmatch(tag) and not tag.startswith(("claim-", "edition-")):
            raise KitError(f"{where}: unknown tag @{tag}; {nearest(tag, known)}")


def _refuse_malformed(requirement: Requirement, rule: Mapping[str, Any], pattern: Pattern, where: str) -> None:
    examples = [child["scenario"] for child in rule["children"] if "scenario" in child]
    if not requirement.id.startswith(f"{pattern.prefix}-"):
        raise KitError(f"{where}: {requirement.id} in the feature of {pattern.stem}, whose ids begin with {pattern.prefix}-")
    if not requirement.sentence or not requirement.why:
        raise KitError(f"{where}: {requirement.id} lacks its {'reason under the Rule' if requirement.sentence else 'sentence'}")
    if not requirement.ways:
        raise KitError(f"{where}: {requirement.id} names no way to exercise it: {', '.join(f'@{way}' for way in Way)}")
    if bool(examples) != (Way.FEATURE in requirement.ways):
        tagged = "has" if Way.FEATURE in requirement.ways else "lacks"
        raise KitError(f"{where}: {requirement.id} {tagged} the tag @feature, and has {len(examples)} examples")
    for example in examples:
        if not example["steps"]:
            raise KitError(f"{path_line(where, example)}: the example {example['name']!r} has no steps")


def path_line(where: str, node: Mapping[str, Any]) -> str:
    """The place of a node of the syntax tree, in the file that `where` is in."""
    return f"{where.rpartition(':')[0]}:{node['location']['line']}"


def _described(description: str) -> tuple[str, str]:
    why: list[str] = []
    broken_by: list[str] = []
    current = why
    for line in (line.strip() for line in description.splitlines()):
        if line.lower().startswith(_BROKEN_BY):
            current = broken_by
            line = line[len(_BROKEN_BY) :].strip()
        if line:
            current.append(line)
    return " ".join(why), " ".join(broken_by)
