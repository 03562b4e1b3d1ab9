"""What the steps of one example act on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang
from patternproof.outcome import NotApplicable
from patternproof.ports.state_sync import StateSyncSettings
from patternproof.scene import JudgedScene

from .events import CENTRE, KEYS, REPLICAS, Cancel, Delete, Seen, Sync, SyncSeen, Try, Write, token
from .merging import tokens
from .rig import StateSyncRig, rig
from .words import enumerated


class Scene(JudgedScene):
    """One example: replicas, the keys and values by the names that the example gives them, and what was seen.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "state_sync"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make`, `perform` and what they are called by only.
        self._rig: StateSyncRig | None = None
        self._keys: dict[str, int] = {}
        self._values: dict[str, str] = {}
        self._writes = 0
        self._syncs: list[Sync] = []
        self._ended: dict[int, SyncSeen] = {}
        self.seen = Seen()
        """What was seen last."""

    def __repr__(self) -> str:
        return f"<Scene {self.seen}>"

    @property
    def rig(self) -> StateSyncRig:
        """The rig of the example's replicas.

        Raises:
            LookupError: no step has made any.
        """
        if self._rig is None:
            raise LookupError("there are no replicas yet; begin the example with 'Given replicas A and B'")
        return self._rig

    def make(self, settings: StateSyncSettings) -> None:
        """Make the replicas.

        Raises:
            NotOffered: the implementation does not have one of the settings.
            LookupError: there are some already.
        """
        if self._rig is not None:
            raise LookupError("there are replicas already; an example has one store")
        self._rig = self.stack.enter_context(rig(self.adapter, self.driver, settings))

    def perform(self, *events: Any) -> None:
        """Make events happen at one moment, and take in what is seen."""
        try:
            seen = self.rig.perform(*events)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        self.take(seen)

    def take(self, seen: Seen) -> None:
        """Take in what is seen."""
        self.seen = seen
        self._ended.update({each.number: each for each in seen.syncs})
        if seen.failed:
            self.expect(False, "an answer", seen.failed)

    def key(self, name: str) -> int:
        """The number of a key; an example has two at most.

        Raises:
            LookupError: it would be a third.
        """
        if name not in self._keys and len(self._keys) == len(KEYS):
            raise LookupError(f"{name!r} is a third key, and an example has two; known: {', '.join(self._keys)}")
        return self._keys.setdefault(name, len(self._keys))

    def write(self, replica: int, value: str, key: str) -> None:
        """Let a replica write a value that no other write of the example has.

        Raises:
            LookupError: another has.
        """
        if value in self._values:
            raise LookupError(f"{value!r} is written twice; give each write of an example a value of its own")
        self._values[value] = token(replica, self._writes)
        self._writes += 1
        self.perform(Write(replica, self.key(key), self._writes - 1))

    def delete(self, replica: int, key: str) -> None:
        """Let a replica delete a key."""
        self._writes += 1
        self.perform(Delete(replica, self.key(key), self._writes - 1))

    def sync(self, *replicas: int) -> None:
        """Let replicas sync, one after the other."""
        for replica in replicas:
            self._syncs.append(Sync(len(self._syncs), replica))
            self.perform(self._syncs[-1])

    def latest_sync(self, replica: int | None = None) -> SyncSeen:
        """The sync that began last, of a replica or of all, as last seen.

        Raises:
            LookupError: none has begun.
        """
        numbers = [sync.number for sync in self._syncs if replica in (None, sync.replica)]
        if not numbers:
            raise LookupError(f"no sync of {'any replica' if replica is None else REPLICAS[replica]} has begun")
        return self._ended[numbers[-1]]

    def sync_in_phase(self, replica: int, phase: str, what: str) -> None:
        """Let a replica sync, and go on only where that ends, or goes on, as the example needs it.

        Raises:
            PremiseMissing: it does not.
        """
        self.sync(replica)
        latest = self.latest_sync(replica)
        self.reach(latest.phase == phase, f"the sync of {REPLICAS[replica]} to {what}", latest)

    def cancel(self, replica: int) -> None:
        """Cancel the latest sync of a replica.

        Raises:
            NotApplicable: the driver cannot.
        """
        if not self.driver.can_cancel:
            raise NotApplicable(f"a sync cannot be cancelled from outside under the {self.driver.name} driver")
        self.perform(Cancel(self.latest_sync(replica).number))

    def try_out(self, what: str) -> str:
        """What came of an experiment."""
        self.perform(Try(what))
        return self.seen.found

    def values(self, node: int, key: str) -> list[str]:
        """What a node has in a key, by the names of the example."""
        value = self.seen.views[node][self.key(key)]
        names = {written: name for name, written in self._values.items()}
        return [value] if isinstance(value, str) else sorted(names.get(each, each) for each in value)

    def keys_in(self, parts: Sequence[int], sync: SyncSeen) -> list[str]:
        """The keys in parts of the result of a sync, by the names of the example."""
        names = {KEYS[number]: name for name, number in self._keys.items()}
        return sorted({names.get(key, key) for part in parts for key in (sync.result or ((),) * 4)[part]})

    def had_news(self, replica: int, name: str) -> bool:
        """Whether a replica and the store differed in a key when its latest sync began: some talk without being asked to."""
        number = self.latest_sync(replica).number
        before = None
        for moment in self.rig.history:
            if any(isinstance(event, Sync) and event.number == number for event in moment.batch.events):
                break
            before = moment.seen
        key = self.key(name)
        return not isinstance(before, Seen) or before.views[replica][key] != before.views[CENTRE][key]

    def merges(self) -> list[tuple[list[str], list[str]]]:
        """What the merge function was called with: the base, and the two sides together."""
        names = {written: name for name, written in self._values.items()}

        def named(*values: Any) -> list[str]:
            return sorted(names.get(each, each) for value in values for each in tokens(value))

        return [(named(base), named(local, remote)) for base, local, remote in self.rig.merges]

    def shown(self, nodes: Sequence[int], key: str) -> str:
        """What nodes have in a key, for people."""
        names = (*REPLICAS, "the store")
        return "; ".join(f"{names[node]} has {enumerated(self.values(node, key))} in {key}" for node in nodes)

    def _is_beyond_model(self) -> bool:
        return self.rig.history.settings.store is not None  # no model says what a real store may do


__all__ = ["CENTRE", "Scene"]
