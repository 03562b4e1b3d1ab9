"""A history as a sequence diagram: data, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from patternproof.moments import Done, Mark, Phase, Step

HELD = frozenset({"running", "holding", "requesting", "is inside"})
"""Words that a phase begins with in which a call has what it came for; in any other it waits, whoever for."""


class Sign(StrEnum):
    """What stands at a row."""

    START = "start"
    RELEASE = "release"
    CANCEL = "cancel"
    CLOCK = "clock"
    NOTE = "note"
    SETTLED = "settled"
    """Nothing moves any more; what is seen then takes effect on the bars."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the picture, from top to bottom: an event, or what was seen once all had settled."""

    moment: int
    """Counted from 1."""
    sign: Sign
    text: str
    lifeline: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lifeline in which a call is in flight and in one phase."""

    lifeline: int
    top: int
    """The row at which it begins."""
    bottom: int
    """The row at which it ends; the number of rows where it goes on."""
    state: str
    """begun, held (it has what it came for, and the kit holds that up) or waiting."""


@dataclass(frozen=True, slots=True)
class Label:
    """What is said beside a lifeline at a row."""

    lifeline: int
    row: int
    text: str
    over: bool
    """Whether the call has ended."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Calls in flight over time."""

    lifelines: tuple[str, ...]
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    parting: int
    """The row at which the last moment begins: that is where the implementation and the model part."""


def picture(steps: Sequence[Step]) -> Picture:
    """The picture of a history."""
    lifelines = tuple(dict.fromkeys(_named(steps)))
    drawing = _Drawing(lifelines)
    for number, step in enumerate(steps, 1):
        drawing.parting = len(drawing.rows)
        drawing.add(number, step)
    drawing.finish()
    return Picture(lifelines, tuple(drawing.rows), tuple(drawing.bars), tuple(drawing.labels), drawing.parting)


def _named(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        yield from (each.lifeline for each in step.done if each.lifeline)
        yield from (each.lifeline for each in step.phases if each.lifeline)


class _Drawing:
    """A picture while it is made, moment by moment."""

    def __init__(self, lifelines: tuple[str, ...]) -> None:
        self._number = {name: index for index, name in enumerate(lifelines)}
        # Changed by `add` and `finish` only.
        self.rows: list[Row] = []
        self.bars: list[Bar] = []
        self.labels: list[Label] = []
        self.parting = 0
        self._open: dict[str, tuple[int, str]] = {}
        """The calls in flight: the row at which the stretch begins, and its state."""
        self._said: dict[str, str] = {}

    def add(self, number: int, step: Step) -> None:
        """Draw one moment below those before."""
        calls = {each.lifeline for each in step.phases}
        for done in step.done:
            self.rows.append(Row(number, self._sign(done, calls), _spaced(done), self._number.get(done.lifeline)))
        row = len(self.rows)
        self.rows.append(Row(number, Sign.SETTLED, _rest(step)))
        for phase in step.phases:
            self._phase(phase, row)

    def _sign(self, done: Done, calls: set[str]) -> Sign:
        if done.mark is Mark.CLOCK:
            return Sign.CLOCK
        if done.mark is Mark.CANCEL:
            return Sign.CANCEL
        if done.lifeline in self._open:
            return Sign.RELEASE
        if done.lifeline in calls and done.lifeline not in self._said:
            self._open[done.lifeline] = len(self.rows), "begun"
            return Sign.START
        return Sign.NOTE

    def _phase(self, phase: Phase, row: int) -> None:
        lifeline = self._number[phase.lifeline]
        if self._said.get(phase.lifeline) != phase.text:
            self.labels.append(Label(lifeline, row, phase.text, not phase.in_flight))
            self._said[phase.lifeline] = phase.text
        state = "held" if phase.text.startswith(tuple(HELD)) else "waiting"
        top, before = self._open.pop(phase.lifeline, (row, state))
        if phase.in_flight and before == state:
            self._open[phase.lifeline] = top, state
            return
        if top < row:
            self.bars.append(Bar(lifeline, top, row, before))
        if phase.in_flight:
            self._open[phase.lifeline] = row, state

    def finish(self) -> None:
        """Let what is still in flight go on to the lower edge."""
        for name, (top, state) in self._open.items():
            self.bars.append(Bar(self._number[name], top, len(self.rows), state))


def _spaced(done: Done) -> str:
    """An event with its distance from the one before, where both are of one moment."""
    if done.turns is None:
        return done.text
    return {0: "in the same turn, ", 1: "one turn later, "}.get(done.turns, f"{done.turns} turns later, ") + done.text


def _rest(step: Step) -> str:
    """What was seen beside the phases of calls, which stand at their lines."""
    said = {f"{name} {each.text}" for each in step.phases for name in (each.lifeline, each.lifeline.rpartition(" ")[2])}
    said |= {each.text for each in step.phases} | {"nothing to see"}
    return "; ".join(part for part in step.seen.split("; ") if part not in said)
