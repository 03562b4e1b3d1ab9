"""The catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from patternproof.outcome import KitError, Way
from patternproof.patterns import PATTERNS, Pattern
from patternproof.requirements import Requirement, catalogue, feature_file, features_folder, nearest, read_feature

BREAKER = Pattern("circuit_breaker", "CB", frozenset({"manual_control"}))
RULE = """Feature: Breakers

  {tags}
  Rule: {sentence}
    {description}

    Example: one
      Given a step
"""


def read(folder: Path, text: str) -> list[Requirement]:
    path = folder / "circuit_breaker.feature"
    path.write_text(text, encoding="utf-8")
    return read_feature(path, BREAKER)


def rule(tags: str = "@CB-01 @must @feature", sentence: str = "It holds", description: str = "It matters.") -> str:
    return RULE.format(tags=tags, sentence=sentence, description=description)


def test_a_rule_is_a_requirement(tmp_path: Path) -> None:
    tags = "@CB-22 @may @claim-manual_control @feature @machine @provisional @edition-2"
    assert read(tmp_path, rule(tags, "It moves", "People\n    act.\n    Broken by: a flag")) == [
        Requirement(
            id="CB-22",
            level="may",
            pattern="circuit_breaker",
            sentence="It moves",
            why="People act.",
            broken_by="a flag",
            ways=frozenset({Way.FEATURE, Way.MACHINE}),
            claim="manual_control",
            edition=2,
            provisional=True,
        )
    ]


def test_a_rule_that_only_load_exercises_has_no_examples(tmp_path: Path) -> None:
    text = "Feature: B\n\n  @CB-20 @should @load\n  Rule: Rejecting is cheap\n    It relieves.\n"
    assert [requirement.ways for requirement in read(tmp_path, text)] == [{Way.LOAD}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "an empty feature"),
        ("Feature: B\n", "no Rule"),
        (rule() + "      nonsense\n", ":9: not Gherkin, at 'nonsense'"),
        ("Feature: B\n\n  Example: stray\n    Given a step\n", "outside of any Rule"),
        (rule("@must @feature"), "exactly one id"),
        (rule("@CB-01 @CB-02 @must @feature"), "exactly one id"),
        (rule("@CB-01 @feature"), "exactly one level"),
        (rule("@CB-01 @must @should @feature"), "exactly one level"),
        (rule("@CB-01 @must"), "names no way"),
        (rule("@CB-01 @must @machine"), "lacks the tag @feature"),
        (rule("@CB-01 @must @feature @machina"), "did you mean 'machine'"),
        (rule("@CP-01 @must @feature"), "begin with CB-"),
        (rule("@CB-01 @may @feature"), "exactly one claim"),
        (rule("@CB-01 @may @claim-manual @feature"), "did you mean 'manual_control'"),
        (rule("@CB-01 @must @claim-manual_control @feature"), "only a @may has a claim"),
        (rule("@CB-01 @must @feature @edition-two"), "an edition is a number"),
        (rule(sentence=""), "lacks its sentence"),
        (rule(description=""), "lacks its reason"),
        (rule(description="Broken by: a flag"), "lacks its reason"),
        (rule().replace("      Given a step\n", ""), "has no steps"),
    ],
)
def test_a_malformed_feature_is_an_error_of_the_kit_that_says_where_and_what(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(KitError, match=r"circuit_breaker\.feature") as caught:
        read(tmp_path, text)
    assert told in str(caught.value)


def test_a_feature_that_is_not_utf_8_is_an_error_of_the_kit(tmp_path: Path) -> None:
    path = tmp_path / "circuit_breaker.feature"
    path.write_bytes(b"Feature: \xff\xfe")
    with pytest.raises(KitError, match="cannot be read"):
        read_feature(path, BREAKER)


def test_an_id_is_used_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(tmp_path, rule() + rule().removeprefix("Feature: Breakers\n"))
    monkeypatch.setattr("patternproof.requirements.features_folder", lambda: tmp_path)
    catalogue.cache_clear()
    with pytest.raises(KitError, match="CB-01 is used twice"):
        catalogue()


def test_patterns_without_a_feature_are_absent(small_catalogue: Mapping[str, Requirement]) -> None:
    assert {requirement.pattern for requirement in small_catalogue.values()} == {"circuit_breaker"}


def test_every_feature_of_the_kit_belongs_to_a_pattern_and_can_be_read() -> None:
    assert {path.stem for path in features_folder().glob("*.feature")} <= set(PATTERNS)
    assert all(feature_file(requirement.pattern).is_file() for requirement in catalogue().values())


def test_ids_count_from_one_without_a_gap_and_in_order() -> None:
    for pattern in PATTERNS.values():
        numbers = [int(identifier[3:]) for identifier in catalogue() if identifier.startswith(f"{pattern.prefix}-")]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_slip_is_answered_with_the_nearest_names_and_nonsense_with_all() -> None:
    assert nearest("cb-1", ["CB-01", "SS-09"]) == "did you mean 'CB-01'?"
    assert nearest("nonsense", ["CB-01", "SS-09"]) == "known are: CB-01, SS-09"
