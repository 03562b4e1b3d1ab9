"""Writes docs/samples.md: what the pattern document's samples violate."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from pathlib import Path

from patternproof.patterns import PATTERNS
from patternproof.requirements import catalogue
from tests.faulty import Faulty
from tests.proof import Proof, prove, registries

PAGE = Path(__file__).parent.parent / "docs" / "samples.md"
NAME = "AsWritten"
"""How the name of an implementation begins that does literally what a sample does."""
SECTIONS = {
    "circuit_breaker": "3.B, Circuit Breaker Pattern",
    "connection_pool": "4.A, Connection Pool Pattern",
    "event_bus": "1.B, Event-Based Communication Pattern",
    "shared_state": "2.A, Shared State Pattern",
    "state_sync": "2.B, State Synchronization Pattern",
    "error_propagation": "3.A, Error Propagation Pattern",
    "resource_lifecycle": "4.B, Resource Lifecycle Pattern",
    "service_interface": "1.A, Service Interface Pattern",
    "workflows": "Implementation Examples",
    "migration": "Migration Strategies",
}
"""Where in the pattern document the sample of a pattern stands."""
EXAMPLES = {
    "AsWrittenInTheSpawnedTask": "Implementation Examples, 2, Event-Based Communication Example",
    "AsWrittenCoreComponent": "Implementation Examples, 1, Service Interface Example",
    "AsWrittenUiComponent": "Implementation Examples, 2, Event-Based Communication Example",
    "AsWrittenLocalComponent": "2.B, State Synchronization Pattern",
}
"""The same for samples that stand elsewhere, by the name of the implementation."""
IN_RUST = {
    "circuit_breaker": "CB-06 CB-16",
    "connection_pool": "CP-02 CP-05 CP-09 CP-10 CP-14",
    "shared_state": "SS-02 SS-06 SS-08 SS-09",
    "resource_lifecycle": "RL-02 RL-04 RL-05 RL-06 RL-07 RL-08 RL-09 RL-10 RL-11",
}
"""By pattern, what the sample in Rust violates; `tests/rust` holds that."""
RUST = """\
## In Rust

The same samples are in [adapters/rust](../adapters/rust), as literally as they compile with the standard library alone: the locks
and the clock that they take from tokio and chrono are written beside them. The suite drives them over
[the HTTP binding](http-binding.md). A future is cancelled by dropping it there. The samples of buses, services and errors are
traits and types, with nothing behind them that could be run; that of replicas leaves its merging open.

The pool differs: `drop` cannot wait for the lock, so the sample does not compile as it is, and a task returns the connection.
Leaving then ends at once (CP-04), and a connection that was returned is nobody's as long as another is being made under the lock:
who waits does not get it (CP-05), and meanwhile it is neither idle nor free (CP-14).
"""
HEAD = """\
# The pattern document's samples, taken literally

The document that the patterns come from explains each by a piece of Rust. This page says what becomes of who copies it. Each
sample is written down line by line, with nothing mended, as an implementation whose name begins with `AsWritten` in
`tests/faulty/`, and the suite is held against it. What a sample does not have at all, such as listeners, is not offered and not
counted.

`make samples` writes this page, from a run; the tests say when it is out of date.
"""


@dataclass(frozen=True)
class Sample:
    """One sample, and the implementation that takes it literally."""

    stem: str
    faulty: Faulty

    @property
    def section(self) -> str:
        """Where it stands in the pattern document."""
        return EXAMPLES.get(self.faulty.name) or SECTIONS[self.stem]

    @property
    def words(self) -> str:
        """What the implementation says of itself; a factory may be a function around the class of its name."""
        return inspect.getdoc(getattr(import_module(f"tests.faulty.{self.stem}"), self.faulty.name)) or ""

    def proved(self) -> dict[str, str]:
        """What was seen of each requirement that it violates, from a run.

        Raises:
            SystemExit: that is not what it is registered with.
        """
        proof = prove(self.stem, self.faulty.name, self.faulty.made, self.faulty.claims)
        if proof.errors() or proof.failed() != self.faulty.violates:
            sys.exit(f"{self.stem} {self.faulty.name}: registered with {set(self.faulty.violates)}, failed {proof.failed()}")
        return {identifier: _told(proof, identifier) for identifier in self.faulty.violates}

    def shown(self, seen: Mapping[str, str]) -> str:
        """Its part of the page."""
        paragraphs = [
            f"Sample: {self.section}; `{self.faulty.name}` in `tests/faulty/{self.stem}.py`:",
            "\n".join(f"> {line}".rstrip() for line in self.words.splitlines()),
            "\n".join([_row("id", "level", "requirement", "what was seen"), "|---" * 4 + "|", *self._rows(seen)]),
        ]
        return "\n\n".join(paragraphs) + "\n"

    def _rows(self, seen: Mapping[str, str]) -> list[str]:
        violated = [each for each in catalogue().values() if each.id in self.faulty.violates]
        return [_row(each.id, each.level, each.sentence, seen[each.id]) for each in violated]


def samples() -> list[Sample]:
    """All that there are, pattern by pattern."""
    registered = registries("faulty", "FAULTY")
    return [Sample(stem, each) for stem, several in registered.items() for each in several if each.name.startswith(NAME)]


def page(seen: Mapping[Sample, Mapping[str, str]]) -> str:
    """The whole page, from what was seen of each requirement."""
    parts = [HEAD]
    for stem, several in groupby(seen, lambda sample: sample.stem):
        parts += [f"## {PATTERNS[stem].title.capitalize()}\n", *(sample.shown(seen[sample]) for sample in several)]
    parts += [RUST, _in_rust(seen)]
    return "\n".join(parts)


def _in_rust(seen: Mapping[Sample, Mapping[str, str]]) -> str:
    """What the samples violate in Rust, beside what they do above."""
    above = {sample.stem: " ".join(sorted(sample.faulty.violates)) for sample in seen if sample.faulty.name == NAME}
    rows = [_row(PATTERNS[stem].title, ids, "the same" if above[stem] == ids else above[stem]) for stem, ids in IN_RUST.items()]
    return "\n".join([_row("pattern", "violated in Rust", "above"), "|---" * 3 + "|", *rows]) + "\n"


def _told(proof: Proof, identifier: str) -> str:
    """The way in which a requirement is broken, if the kit has a sentence for it; otherwise what was expected and seen."""
    messages = [each.message for each in proof.failures(identifier)]
    sentences = [sentence for sentence, _, rest in (message.partition(": expected ") for message in messages) if rest]
    return [*sentences, *messages][0]


def _row(*cells: str) -> str:
    return "".join(f"| {cell.replace('|', '&#124;')} " for cell in cells) + "|"


if __name__ == "__main__":
    PAGE.write_text(page({sample: sample.proved() for sample in samples()}), encoding="utf-8")
