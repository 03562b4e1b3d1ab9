"""The page on the samples is up to date."""

from __future__ import annotations

import re

from tests.samples import EXAMPLES, PAGE, page, samples


def without_what_was_seen(text: str) -> str:
    """A page without the last column, which takes a run."""
    return re.sub(r"^(\| [A-Z]{2}-\d\d \|.+\|)[^|]*\|$", r"\1", text, flags=re.MULTILINE)


def test_the_page_has_every_sample_with_what_its_proof_says_that_it_violates() -> None:
    expected = page({sample: dict.fromkeys(sample.faulty.violates, "") for sample in samples()})
    assert without_what_was_seen(PAGE.read_text(encoding="utf-8")) == without_what_was_seen(expected), "run `make samples`"


def test_the_page_says_of_every_violation_what_was_seen() -> None:
    rows = re.findall(r"^\| [A-Z]{2}-\d\d \|.+\|([^|]*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == sum(len(sample.faulty.violates) for sample in samples())
    assert all(row.strip() for row in rows)


def test_every_sample_has_words_of_its_own() -> None:
    assert [sample.faulty.name for sample in samples() if not sample.words] == []


def test_every_example_is_that_of_a_sample() -> None:
    assert set(EXAMPLES) <= {sample.faulty.name for sample in samples()}
