"""Whether some order of concurrent calls explains what they saw.

A record holds when each call began and ended, and what came of it. It is linearizable if the calls can be put into one order
that keeps every call which had ended before another began in front of that one, and in which each sees what the ones before it
left (Herlihy and Wing, *Linearizability: a correctness condition for concurrent objects*, 1990). detangle decides it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from detangle.lin import History, Model, Operation

Step = Callable[[Any, "Done"], Hashable | None]
"""Takes a state and a call; the state after it, or None where the call cannot have seen what it did."""


class Done(NamedTuple):
    """A call."""

    name: str
    argument: Any
    known: bool
    """Whether it is known what came of it; otherwise it may have taken effect at any time since, or not at all."""
    outcome: Any


class Record:
    """Calls as they begin and end.

    Args:
        initial: the state before any call; hashable.
        step: what a call makes of a state.
    """

    def __init__(self, initial: Hashable, step: Step) -> None:
        self._history = History()
        self._model = _Sequential(initial, step)
        self._changed = False
        self._fault = ""

    def begin(self, name: str, argument: Any = None) -> Operation:
        """A call begins now."""
        return self._history.invoke(len(self._history), name, argument)

    def end(self, call: Operation, outcome: Any) -> None:
        """It ends now, with an outcome."""
        self._history.ok(call, outcome)
        self._changed = True

    def lose(self, call: Operation) -> None:
        """Nobody knows what came of it."""
        self._history.info(call)

    def void(self, call: Operation) -> None:
        """It has had no effect."""
        self._history.fail(call)

    def fault(self) -> str:
        """Why no order explains the calls so far; empty where one does."""
        if self._changed and not self._fault:
            self._changed = False
            unexplained = self._history.check(self._model).counterexample
            if unexplained is not None and unexplained.stuck_on is not None:
                self._fault = f"no order of the calls explains {_told(unexplained.stuck_on)}"
        return self._fault


def _told(call: Operation) -> str:
    return f"that {call.describe()}"


class _Sequential(Model):
    """A step function in the form that detangle takes."""

    def __init__(self, initial: Hashable, step: Step) -> None:
        self._initial, self._step = initial, step

    def init(self) -> Hashable:
        return self._initial

    def step(self, state: Any, op: Operation) -> tuple[bool, Any]:
        after = self._step(state, Done(op.f, op.arg, op.status == "ok", op.output))
        return after is not None, state if after is None else after
