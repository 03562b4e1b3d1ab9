"""States that outlive their processes, or are shared by several."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from patternproof.outcome import NotOffered
from patternproof.ports.shared_state import SharedStateSettings

from .events import Update
from .ordering import Timed, ordered
from .processes import Process
from .scene import Scene
from .snapshots import initial, updates

MOST_UPDATES = 1_000
"""Updates that a process is told to make, far more than it lives for."""
MOST_ACKNOWLEDGED = 40
"""Updates of a process before it is killed."""
LONGEST = 0.004
"""Seconds between the last acknowledgement that is waited for and the kill: an update takes less."""


class Kept(NamedTuple):
    """What is in a store after a crash."""

    version: int
    updates: tuple[int, ...]
    counted: int
    """What the data says that there are."""


class Crashes:
    """Processes that update one state and are killed.

    Args:
        scene: of the example; its end is the end of the processes.
        seed: of the moments at which they are killed, which are the same in every run as far as real time allows.
    """

    def __init__(self, scene: Scene, seed: int = 0) -> None:
        _require(scene, "persistent")
        self._scene = scene
        self._store = new_store(scene)
        self._numbers = count()
        self._alive: Process | None = None
        self.acknowledged: list[int] = []
        self.begun: list[range] = []
        """The updates that each process was told to make, in order."""
        self._random = Random(seed)
        self.kept()  # this process makes the state: an adapter may have a server to start, for the others as well

    def start(self) -> Process:
        """A process with a state over the store."""
        self._alive = self._scene.stack.enter_context(Process(self._scene.adapter.spec, self._store))
        return self._alive

    def update(self, times: int) -> None:
        """Let a new process update the state, and wait until all is acknowledged."""
        numbers = self._next(times)
        self.acknowledged += [answer[0] for answer in self.start().update(*numbers)]

    def _next(self, times: int) -> range:
        start = next(self._numbers) * MOST_UPDATES
        self.begun.append(range(start, start + times))
        return self.begun[-1]

    def kill(self) -> None:
        """Kill the process that was started last, if it is still there."""
        alive, self._alive = self._alive, None
        if alive is not None:
            self.acknowledged += [answer[0] for answer in alive.kill()]

    def update_and_kill(self) -> None:
        """Let a new process update the state until it is killed, at some moment."""
        process = self.start()
        process.order("update", *self._next(MOST_UPDATES))
        wanted = self._random.randrange(MOST_ACKNOWLEDGED)
        self.acknowledged += [process.answer()[0] for _ in range(wanted)]
        process.wait(self._random.random() * LONGEST)
        self.kill()

    def kept(self) -> Kept:
        """What a new state over the store says, with nobody else there any more."""
        self.kill()
        scene = self._scene
        settings = SharedStateSettings(store=self._store)
        with scene.adapter.make("shared_state", scene.driver, initial(), settings) as state:
            snapshot = scene.driver.complete(state.get)
            return Kept(snapshot.version, updates(snapshot.data), snapshot.data["count"])

    def lost(self, kept: Kept) -> list[int]:
        """The updates that were acknowledged and are not there."""
        return sorted(set(self.acknowledged) - set(kept.updates))

    def is_whole(self, kept: Kept) -> bool:
        """Whether the updates of each process are there up to some point, in order, and the parts of the data fit."""
        own = [[number for number in kept.updates if number in begun] for begun in self.begun]
        in_order = all(numbers == list(begun[: len(numbers)]) for numbers, begun in zip(own, self.begun, strict=True))
        return in_order and kept.counted == len(kept.updates) == sum(map(len, own))


class Sharing:
    """A state in this process and another one in a second, over one store.

    Args:
        scene: of the example.
    """

    def __init__(self, scene: Scene) -> None:
        _require(scene, "distributed")
        self._store = new_store(scene)
        scene.is_beyond_model = True
        scene.make(SharedStateSettings(store=self._store))
        self._scene = scene
        self._process = self._another()

    def _another(self) -> Process:
        return self._scene.stack.enter_context(Process(self._scene.adapter.spec, self._store))

    def update(self, name: str) -> None:
        """Let a caller in the other process update the state."""
        self._process.update(self._scene.new(name))
        self._scene.settle()

    def listen(self) -> None:
        """Add a listener in the other process."""
        self._process.ask("listen")

    def heard(self) -> list[int]:
        """The versions that it has heard, counted as in this process."""
        return [version - self._base for version, _ in self._process.ask("heard")]

    def version(self) -> int:
        """The version that the other process reads, counted as in this one."""
        return int(self._process.ask("get")[0]) - self._base

    @property
    def _base(self) -> int:
        return self._scene.rig.snapshots.base

    def update_at_once(self, times: int) -> list[int]:
        """Let both processes update the state; the number of updates that each function has found."""
        theirs = [self._scene.new() for _ in range(times)]
        ours = [self._scene.new() for _ in range(times)]
        self._process.order("update", *theirs)
        self._scene.perform(*map(Update, ours))
        answers = self._process.answers()
        self._scene.settle()
        found = [self._scene.calls[number].found for number in ours]
        return [len(each) for each in found if each is not None] + [len(answer[1]) for answer in answers]

    def unordered(self, processes: int, times: int) -> str:
        """Let other processes update and read the state, all at once; why no order explains what they saw, or nothing."""
        others = [self._process, *(self._another() for _ in range(processes - 1))]
        for other in others:
            other.order("update and read", *(self._scene.new() for _ in range(times)))
        return ordered([Timed(*answer) for other in others for answer in other.answers()])


def new_store(scene: Scene) -> str:
    """Where no state has been before: the path of a file that does not exist, and is removed with the example."""
    return str(Path(scene.stack.enter_context(tempfile.TemporaryDirectory(prefix="patternproof-state-"))) / "state")


def _require(scene: Scene, claim: str) -> None:
    if claim not in scene.adapter.claims:
        raise NotOffered(f"the adapter does not claim {claim!r}")


def shown(values: Any) -> str:
    """Numbers, for a message; the first of many."""
    numbers = list(values)
    return ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "") if numbers else "none"
