"""What use after return does to the model of pools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternproof.modelling import Names

from .races import SHARED
from .state import State
from .supply import MANY, rested

WORKS_ON = "a handle works after its return"
FREES_A_SLOT = "a second return frees another slot"
IN_TWICE = "a second return puts the connection in twice"
MISUSES = {WORKS_ON, IN_TWICE, "one in use is handed out", SHARED}
"""With these two borrowers may use one connection at a time."""


def use_after_return(state: State, number: int, deviations: Names) -> Iterator[State]:
    """A handle that was returned is used: that is an error; while its connection is being reset it is not quite returned."""
    for left, was in state.left[: state.known[3]]:
        if left == number:
            connection = state.connection(was)
            reached = WORKS_ON in deviations and connection is not None and not connection.broke
            resetting = connection is not None and connection.where == "resetting"
            for how in ("was refused", f"reached connection {was}")[reached : 2 if resetting else 1 + reached]:
                yield state._replace(late=(*state.late, how))
            return
    yield state


def return_twice(state: State, number: int, deviations: Names) -> Iterable[State]:
    """A scope is left a second time: nothing changes."""
    was = [connection for left, connection in state.left[: state.known[3]] if left == number]
    if not was:
        return (state,)
    connection = state.connection(was[0])
    if FREES_A_SLOT in deviations:
        return rested(state._replace(lost=max(-MANY, state.lost - 1)), deviations)
    if IN_TWICE in deviations and connection is not None:
        again = connection._replace(twice=True) if connection.where == "idle" else connection._replace(where="idle")
        return rested(state.with_connection(again), deviations)
    return (state,)
