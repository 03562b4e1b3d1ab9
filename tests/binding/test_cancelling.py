"""Cancellations that meet something else on their way."""

from __future__ import annotations

import pytest
from patternproof.scenarios.connection_pool.events import Acquire, Cancel, ConnectEnds, HoldResets, Request, Return
from patternproof.scenarios.connection_pool.model import complete
from patternproof.scenarios.connection_pool.rig import rig
from patternproof.scenarios.error_propagation.events import Cancel as CancelRequest
from patternproof.scenarios.error_propagation.events import End, Perform
from patternproof.scenarios.error_propagation.model import complete as complete_component
from patternproof.scenarios.error_propagation.rig import rig as component_rig

from patternproof.adapter import load
from patternproof.history import Batch
from patternproof.modelling import RIGHT, explained
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.ports.error_propagation import ErrorPropagationSettings
from tests.binding.serving import Served

A, B = 0, 1


def alone(*events: object) -> list[Batch]:
    return [Batch((event,)) for event in events]


@pytest.mark.parametrize(
    ("before", "together", "after"),
    [
        (alone(Acquire(A)), Batch((Cancel(A), ConnectEnds(0, "ok")), (0,)), alone(Acquire(B))),
        (alone(Acquire(A)), Batch((ConnectEnds(0, "ok"), Cancel(A)), (0,)), alone(Acquire(B))),
        (alone(Acquire(A)), Batch((ConnectEnds(0, "ok"), Cancel(A)), (5,)), alone(Acquire(B))),
        (alone(HoldResets(), Acquire(A)), Batch((Cancel(A), ConnectEnds(0, "ok")), (0,)), []),
        (alone(HoldResets(), Acquire(A)), Batch((ConnectEnds(0, "ok"), Cancel(A)), (5,)), []),
        (alone(Acquire(A), ConnectEnds(0, "ok")), Batch((Return(A), Cancel(A)), (0,)), alone(Acquire(B))),
        (alone(Acquire(A), ConnectEnds(0, "ok")), Batch((Request(A), Cancel(A)), (1,)), alone(Acquire(B))),
        ([], Batch((Acquire(A), Cancel(A)), (0,)), alone(Acquire(B), ConnectEnds(0, "ok"))),
    ],
)
def test_a_cancelled_borrower_leaves_the_pool_as_in_process(
    before: list[Batch], together: Batch, after: list[Batch], reference: Served
) -> None:
    adapter = load(reference.address)
    with adapter.driver() as driver, rig(adapter, driver, ConnectionPoolSettings(max_size=1)) as held:
        for batch in (*before, together, *after):
            held.run(batch)
        history = held.history
    assert explained(complete(), history, RIGHT) == len(history), "\n".join(history.lines())


def test_a_cleaning_up_that_is_cancelled_as_it_begins_has_begun(reference: Served) -> None:
    adapter = load(reference.address)
    settings = ErrorPropagationSettings(cleanup=True)
    with adapter.driver() as driver, component_rig(adapter, driver, settings) as held:
        held.run(Batch((Perform(0),)))
        held.run(Batch((End(0, 0, "not_found"), CancelRequest(0)), (0,)))
        history = held.history
    assert explained(complete_component(), history, RIGHT) == len(history), "\n".join(history.lines())
