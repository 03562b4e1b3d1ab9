"""Another process, with a state over the same store.

It is started with the adapter and the store, reads commands from its standard input and answers each with a line of JSON; what an
adapter prints besides is passed over.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from typing import Any

from patternproof.adapter import load
from patternproof.drivers.clocks import real_monotonic
from patternproof.flavour import plainly, resolved
from patternproof.ports.shared_state import SharedStateSettings

from .snapshots import add, count, initial, updates

PREFIX = "patternproof: "
"""How each answer begins."""
SLICE = 0.05
"""Seconds of the example between two looks at whether a call is over."""


def function(number: int) -> Callable[[dict[str, Any]], list[int]]:
    """What is handed to update(): it adds a number, and returns those that it found."""

    def change(data: dict[str, Any]) -> list[int]:
        found = list(updates(data))
        add(data, number)
        count(data)
        return found

    return change


def say(*answer: Any) -> None:
    """Answer at once: whoever reads may end this process at any moment."""
    sys.stdout.write(f"{PREFIX}{json.dumps(answer)}\n")
    sys.stdout.flush()


class Servant:
    """Does as it is told.

    Args:
        state: what the adapter made.
        run: runs a coroutine function of the kit's to its end.
        threads: whether the state's methods are plain.
    """

    def __init__(self, state: Any, run: Callable[[Callable[[], Any]], Any], threads: bool) -> None:
        self._state, self._run, self._threads = state, run, threads
        self._heard: list[list[Any]] = []

    def obey(self, word: str, *arguments: Any) -> None:
        """One command: update, update and read, get, listen or heard."""
        match word:
            case "update":
                self._run(partial(self._update, arguments))
            case "update and read":
                self._run(partial(self._update_and_read, arguments))
            case "get":
                self._run(self._get)
            case "listen":
                self._state.add_listener(self._hear)
                say("listening")
            case "heard":
                self._run(partial(resolved, None))  # whatever is under way gets its turn
                say(*self._heard)

    async def _update(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            say(number, await resolved(self._state.update(function(number))))
        say("over")

    async def _update_and_read(self, numbers: Iterable[int]) -> None:
        # The answers wait until all is done: whoever writes to a pipe in between leaves the others a moment to themselves.
        calls: list[tuple[int | None, list[int], float, float]] = []
        for number in numbers:
            begun = real_monotonic()
            found = await resolved(self._state.update(function(number)))
            between = real_monotonic()
            seen = updates((await resolved(self._state.get())).data)
            calls += [(number, found, begun, between), (None, list(seen), between, real_monotonic())]
        for call in calls:
            say(*call)
        say("over")

    async def _get(self) -> None:
        snapshot = await resolved(self._state.get())
        say(snapshot.version, list(updates(snapshot.data)), snapshot.data["count"])

    def _hear(self, snapshot: Any) -> None:
        self._heard.append([snapshot.version, list(updates(snapshot.data))])


def serve(spec: str, store: str) -> None:
    """Serve until the standard input ends."""
    adapter = load(spec)
    threads = adapter.runtime == "threads"
    with ExitStack() as stack:
        driver = stack.enter_context(adapter.driver())
        state = stack.enter_context(adapter.make("shared_state", driver, initial(), SharedStateSettings(store=store)))

        def run(method: Callable[[], Any]) -> Any:
            pending = driver.begin((lambda: plainly(method())) if threads else method)
            driver.settle()
            while pending.outcome is None:
                driver.advance(SLICE)
            if hasattr(pending.outcome, "error"):
                raise pending.outcome.error

        servant = Servant(state, run, threads)
        say("ready")
        for line in sys.stdin:
            servant.obey(*json.loads(line))


if __name__ == "__main__":
    serve(*sys.argv[1:])
