"""The Hypothesis machine that drives any rig against its model."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from patternproof.drivers import Hang
from patternproof.exploration import MOST_TURNS
from patternproof.history import Batch, History, alone
from patternproof.modelling import Model, Names, States, fitting, occasions
from patternproof.profiles import Profile

MOST_TOGETHER = 3
MOST_KEPT = 1_000
"""Histories of one search that are kept; of more every second, fourth, eighth ... one is, so that memory has a bound."""


class Parted(Exception):
    """The implementation and the model have parted.

    Args:
        history: all that was done and seen, the parting moment last.
    """

    def __init__(self, history: History) -> None:
        super().__init__(str(history.moments[-1].seen))
        self.history = history


class Machine(RuleBasedStateMachine):
    """Draws events among what the model says is worth trying, and compares after each batch.

    Subclassed for each run with what it drives; calls stay in flight across rules.
    """

    model: Model
    open_rig: Any
    """``open_rig(settings)`` gives a context manager of an entered driver and a rig."""
    known: Names
    histories: list[History]
    has_turns: bool
    made: int = 0
    """How many histories there have been."""
    latest: History
    parted: History | None = None
    """The latest history at which the two have parted."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._states: States = ()

    @initialize(data=st.data())
    def make(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(list(self.model.variants())), label="settings")
        self.rig = self._stack.enter_context(self.open_rig(chosen))
        self._states = tuple(self.model.initial(chosen))
        self._keep(self.rig.history)

    @classmethod
    def _keep(cls, history: History) -> None:
        stride = 1 << (cls.made // MOST_KEPT).bit_length()
        if cls.made % stride == 0:
            if len(cls.histories) == MOST_KEPT:
                del cls.histories[1::2]
            cls.histories.append(history)
        cls.made += 1
        cls.latest = history

    @rule(data=st.data())
    def one_event(self, data: st.DataObject) -> None:
        self._perform(alone(data.draw(st.sampled_from(list(self.model.alongside(self._states[0], ()))), label="event")))

    @precondition(lambda self: self.has_turns)
    @rule(data=st.data(), count=st.integers(2, MOST_TOGETHER))
    def several_events_together(self, data: st.DataObject, count: int) -> None:
        events: list[Any] = []
        for _ in range(count):
            options = list(self.model.alongside(self._states[0], events))
            events.append(data.draw(st.sampled_from(options), label="event"))
        turns = tuple(data.draw(st.integers(0, MOST_TURNS), label="turns") for _ in events[1:])
        self._perform(Batch(tuple(events), turns))

    def _perform(self, batch: Batch) -> None:
        try:
            seen = self.rig.run(batch)
        except Hang:
            self._stack.close()  # Hypothesis does not tear down after what is no Exception
            raise
        self._states = fitting(self.model, self._states, batch, seen, *occasions(self.known))
        if not self._states:
            type(self).parted = self.rig.history
            raise Parted(self.rig.history)

    def teardown(self) -> None:
        self._stack.close()


def hunt(machine: type[Machine], profile: Profile, seed_value: int | None) -> History | None:
    """Look for a history at which the implementation and the model part; None where none was found.

    Without a seed the search is derandomised: the same run gives the same answer. It does not shrink: `shrinking` knows what an
    event is, and is a hundred times faster.
    """
    left = profile.examples
    while left > 0:
        try:
            _run(machine, left, profile.steps, seed_value)
        except Parted as parted:
            return parted.history
        except Flaky:  # it goes by chance of its own, such as identifiers: what it has done once is done
            if machine.parted is not None:
                return machine.parted
            # Hypothesis does not go on where the same choices lead elsewhere: what is left is another search.
            left = profile.examples - machine.made
            seed_value = (seed_value or 0) + 1
            continue
        except Hang:
            return machine.latest
        return None
    return None


def _run(machine: type[Machine], examples: int, steps: int, seed_value: int | None) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=seed_value is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
        print_blob=False,
        report_multiple_bugs=False,
    )
    # Otherwise constants in whatever modules are loaded are drawn now and then, and what else is there decides the search.
    with patch.object(HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None, create=True):
        run_state_machine_as_test(machine if seed_value is None else seed(seed_value)(machine), settings=chosen)
