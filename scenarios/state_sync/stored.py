"""Replicas of two processes over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from typing import Any, ClassVar

from patternproof.drivers import Hang
from patternproof.drivers.base import deliver
from patternproof.flavour import resolved
from patternproof.outcome import AdapterError, NotApplicable, NotOffered
from patternproof.ports.state_sync import StateSyncSettings
from patternproof.servers import OfItsOwn, of_its_own

from .elsewhere import elsewhere
from .events import REPLICAS
from .scene import Scene

TRIES = 10
"""How often a replica may sync in vain after the store has come back: clients pause between two tries to connect."""
PAUSE = 5.0
"""Seconds between two tries."""
LONGEST = 600.0
"""Seconds of virtual time in which many writes and syncs have to end."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """Something that no model knows of, in a history for people to read."""

    words: str

    kind: ClassVar[str] = "beyond"

    def __str__(self) -> str:
        return self.words


class Stored:
    """Replicas A and B, B in a process of its own, and their store.

    Args:
        scene: of the example.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        # Changed by the methods below only.
        self._servers: OfItsOwn | None = None
        self._stopped = False
        self._written: dict[str, int] = {}

    def make(self) -> None:
        """Make the replicas over a new store.

        Raises:
            NotOffered: the adapter does not claim it.
            NotApplicable: it is called from threads.
            Unavailable: its server is none that the kit may restart.
        """
        scene = self.scene
        if "distributed" not in scene.adapter.claims:
            raise NotOffered("the adapter does not claim 'distributed'")
        if scene.adapter.runtime == "threads":
            raise NotApplicable("two processes are driven from asyncio; give it an adapter with RUNTIME = 'live'")
        self._servers = scene.stack.enter_context(of_its_own())
        scene.make(StateSyncSettings(store=""))
        other = elsewhere(scene.adapter, scene.driver, scene.rig.system.store, REPLICAS[1])
        scene.rig.replicas[1] = scene.stack.enter_context(other)

    def stop(self) -> None:
        """Stop the store.

        Raises:
            AdapterError: there is none that the kit could stop.
        """
        self._stopped = True
        self.scene.stack.callback(self._restore)
        self._happens("the store is stopped", partial(self._command, "stop"))

    def start(self) -> None:
        """Start the store again."""
        self._happens("the store is started again", partial(self._command, "start"))
        self._stopped = False

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def sync(self, replicas: Sequence[int]) -> None:
        """Let replicas sync, one after the other; one that fails tries again, as the store may have been away."""
        for replica in replicas:
            for _ in range(TRIES):
                self.scene.sync(replica)
                if self.scene.latest_sync(replica).phase == "returned":
                    break
                self.scene.driver.advance(PAUSE)

    def write_at_once(self, count: int, restarting: bool = False) -> None:
        """Let both replicas write many values, each in a key of its own, and sync after each, at the same time.

        Args:
            count: of each replica.
            restarting: whether the store is restarted in the middle.
        """
        pause = PAUSE * self.scene.driver.scale
        middle = asyncio.Event()

        async def writing(name: str, replica: Any) -> None:
            for number in range(count):
                if number == count // 2:
                    middle.set()
                await asyncio.sleep(0)  # otherwise one that never waits would go through all of them in one go
                await replica.write(f"{name}{number}", number)
                try:
                    await replica.sync()
                except Exception:  # noqa: BLE001  # the store may be away: a later sync pushes it
                    await asyncio.sleep(pause / 5)

        async def restarted() -> None:
            await middle.wait()
            await self._command("stop")
            await asyncio.sleep(pause)
            await self._command("start")

        async def all_of_it() -> None:
            both = zip(REPLICAS, self.scene.rig.replicas[:2], strict=False)
            await asyncio.gather(*starmap(writing, both), *([restarted()] if restarting else []))

        self._written.update({f"{name}{number}": number for name in REPLICAS[:2] for number in range(count)})
        words = f"A and B write {count} values each and sync after each, at the same time"
        try:
            self._happens(words + ", and the store is restarted meanwhile" * restarting, all_of_it)
        except Hang as hang:
            self.scene.expect(False, "an end of all the writes and syncs", hang)
            raise

    def lacking(self, replica: int) -> list[str]:
        """The keys of those that a replica lacks, or has another value in."""
        found = self._completed(self.scene.rig.replicas[replica].snapshot)
        return [key for key, value in self._written.items() if found.get(key) != value]

    def _happens(self, words: str, deed: Callable[[], Any]) -> None:
        self._completed(deed)
        self.scene.take(self.scene.rig.note(Beyond(words)))

    def _completed(self, call: Callable[[], Any]) -> Any:
        """What a call comes to, that may take long."""
        driver = self.scene.driver
        if driver.patience:
            return driver.complete(call)
        pending = driver.start(call)
        if pending.outcome is None:
            driver.advance(LONGEST)
        if pending.outcome is None:
            raise Hang(f"it does not end within {LONGEST:g} s", driver.stacks())
        return deliver(pending.outcome)

    def _restore(self) -> None:
        if self._stopped:
            self._completed(partial(self._command, "start"))

    async def _command(self, word: str) -> None:
        """Stop or start whatever the store is kept by: servers of the kit's, and what the system itself has."""
        assert self._servers is not None, "the replicas were made"
        command = getattr(self.scene.rig.system, f"{word}_store", None)
        if not self._servers.asked and command is None:
            raise AdapterError(
                f"{self.scene.adapter.file}: the kit cannot restart the store; take its address from patternproof.servers, "
                "or give the system stop_store() and start_store()"
            )
        if self._servers.asked:
            await asyncio.to_thread(getattr(self._servers, word))
        if command is not None:
            await resolved(command())
