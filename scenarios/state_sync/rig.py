"""Replicas and a centre held by a driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise, starmap
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Cancelled, Driver, Raised, Returned
from patternproof.history import shown
from patternproof.outcome import AdapterError, NotOffered
from patternproof.ports.state_sync import StateSyncSettings, SyncResult
from patternproof.rig import Rig

from .calling import Caller, view_of
from .events import (
    CENTRE,
    KEYS,
    REPLICAS,
    Advance,
    Cancel,
    Delete,
    DeliverAgain,
    LetThrough,
    Line,
    Seen,
    SetChance,
    SetWallClock,
    Sync,
    SyncSeen,
    Try,
    View,
    Write,
    token,
)
from .experiments import EXPERIMENTS
from .merging import Watched
from .model import MERGING, PLAIN, Capabilities, StateSyncModel
from .network import Attempt, Network, PlainNetwork

SMOKE = (Write(0, 0, 0), Sync(0, 0), Sync(1, 1))
"""The plainest use."""
REPLICA_MEMBERS = ("write", "delete", "read", "snapshot", "sync", "last_sync", "close")


class SyncInFlight:
    """A sync() and what is known of it."""

    def __init__(self, number: int, replica: int) -> None:
        self.number, self.replica = number, replica
        self.pending: Any = None
        self.attempts = 0
        """How many calls there had been when it began."""
        self.told = False
        self.alone = True
        """Whether no other of the same replica was under way at the same time."""
        self.waited_for = False
        """Whether it has had all the real time that an answer may take."""


class StateSyncRig(Rig):
    """Drives three replicas and the centre over a network of the kit.

    Args:
        driver: an entered driver.
        make: makes a system inside the driver, given network and settings.
        settings: in the example's seconds.
        plain: whether the implementation is called from threads.
    """

    def __init__(self, driver: Driver, make: Callable[..., Any], settings: StateSyncSettings, plain: bool) -> None:
        super().__init__(driver, settings)
        self._stack = ExitStack()
        self._make, self._plain = make, plain
        self.caller = Caller(driver, plain)
        self._chance = 0.5
        self.merges: list[tuple[Any, Any, Any]] = []
        """What the merge function was called with."""
        self._scaled = self._scaled_settings(settings)
        self.network, self.system, self.replicas = self._made(REPLICAS)
        self.syncs: dict[int, SyncInFlight] = {}
        self._cancelled_early: set[int] = set()
        self._writing: list[tuple[str, Any]] = []
        self._last_syncs = [self._last_sync(number) for number in range(len(REPLICAS))]
        self._waited: dict[tuple[float, ...], float] = {}
        self._found = ""
        self._failed = ""
        self._patience = driver.patience
        self._began = driver.time()

    @property
    def age(self) -> float:
        """Seconds since the system was made."""
        return self.driver.time() - self._began

    def close(self) -> None:
        """Clean the system up."""
        self._stack.close()

    def _scaled_settings(self, settings: StateSyncSettings) -> StateSyncSettings:
        scale, interval, merge = self.driver.scale, settings.sync_interval, settings.merge
        return replace(
            settings,
            sync_interval=None if interval is None else interval * scale,
            retry_delay=settings.retry_delay * scale,
            retry_max=settings.retry_max * scale,
            random=lambda: self._chance,
            merge=None if merge is None else Watched(merge, self.merges),
        )

    def _made(self, names: tuple[str, ...]) -> tuple[Network, Any, list[Any]]:
        network = (PlainNetwork if self._plain else Network)(self.driver, names)
        system = self._stack.enter_context(self._make(self.driver, network, self._scaled))
        replicas = [self.driver.now(partial(system.replica, name)) for name in names]
        for replica in replicas:
            _require_members(replica)
        return network, system, replicas

    @contextmanager
    def beside(self, names: tuple[str, ...]) -> Iterator[tuple[Network, Any, list[Any]]]:
        """Another system of the same settings, for an experiment."""
        before, self._stack = self._stack, ExitStack()
        try:
            with self._stack:
                yield self._made(names)
        finally:
            self._stack = before

    def do(self, event: Any) -> None:  # noqa: C901  # one case for each event
        match event:
            case Write(replica, key, number):
                self._change(str(event), partial(self.replicas[replica].write, KEYS[key], token(replica, number)))
            case Delete(replica, key):
                self._change(str(event), partial(self.replicas[replica].delete, KEYS[key]))
            case Sync():
                self._sync(event)
            case Cancel(number):
                self._cancel(number)
            case Line(replica, mode):
                self.network.links[REPLICAS[replica]].change(mode)
            case LetThrough(replica):
                self.network.links[REPLICAS[replica]].let_through()
            case DeliverAgain(replica):
                self.network.deliver_again(REPLICAS[replica])
            case Advance(seconds):
                self.driver.pass_time(seconds)
            case SetWallClock(seconds):
                self.driver.move_wall_clock(seconds)
            case SetChance(value):
                self._chance = value
            case Try(what):
                self._found = EXPERIMENTS[what](self)

    def _change(self, what: str, call: Callable[[], Any]) -> None:
        self._writing.append((what, self.driver.begin(call)))

    def _sync(self, event: Sync) -> None:
        begun = self.syncs[event.number] = SyncInFlight(event.number, event.replica)
        begun.attempts = len(self.network.attempts)
        for other in self.syncs.values():
            if other is not begun and other.replica == begun.replica and (other.pending is None or other.pending.outcome is None):
                begun.alone = other.alone = False
        begun.pending = self.driver.begin(self.replicas[event.replica].sync)
        if event.number in self._cancelled_early:
            self.driver.cancel(begun.pending)

    def _cancel(self, number: int) -> None:
        if number in self.syncs:
            self.driver.cancel(self.syncs[number].pending)
        else:
            self._cancelled_early.add(number)  # a schedule has put the cancellation first: the sync ends as it begins

    def unanswered(self) -> bool:
        owed = [each for each in self.syncs.values() if each.pending is not None and self._owes(each)]
        self._patience = self._patience - 1 if owed else self.driver.patience
        for each in owed:
            each.waited_for = self._patience <= 1
        return bool(owed)

    def _owes(self, sync: SyncInFlight) -> bool:
        """Whether an answer may come with no help from the kit; a retry may wait for its time."""
        held = self.network.links[REPLICAS[sync.replica]].waiting or self.history.settings.retries
        return sync.pending.outcome is None and not held and not sync.waited_for

    def look(self) -> Seen:
        self._look_at_writes()
        calls = len(self.network.attempts)
        views = self._views()
        del self.network.attempts[calls:]  # looking is no retry
        syncs = tuple(self._seen(each) for _, each in sorted(self.syncs.items()) if not each.told)
        if self.network.misuse:
            raise AdapterError(f"the network is used wrongly: {self.network.misuse}")
        seen = Seen(views, syncs, self._advanced(), self._found, self._failed)
        self._found = self._failed = ""
        self._cancelled_early.clear()
        return seen

    def _look_at_writes(self) -> None:
        for what, pending in self._writing:
            match pending.outcome:
                case None:
                    self._failed = f"{what}, which waits"
                case Raised(error):
                    self._failed = f"{what}, which raises {shown(error)}"
        self._writing.clear()

    def _views(self) -> tuple[View, ...]:
        """What each replica shows, in its snapshot and key by key, and the centre in one call."""
        asked = [call for each in self.replicas for call in (each.snapshot, self.caller.reading(each, KEYS))]
        *answers, central = self.caller.call_all([*asked, self.system.central])
        return (*starmap(view_of, zip(answers[::2], answers[1::2], strict=True)), view_of(central, central))

    def _advanced(self) -> tuple[int, ...]:
        now = [self._last_sync(number) for number in range(len(REPLICAS))]
        changed = tuple(
            number for number, (before, after) in enumerate(zip(self._last_syncs, now, strict=True)) if before != after
        )
        self._last_syncs = now
        return changed

    def _last_sync(self, number: int) -> Any:
        return self.driver.now(lambda: self.replicas[number].last_sync)

    def _seen(self, sync: SyncInFlight) -> SyncSeen:
        outcome = sync.pending.outcome
        sync.told = outcome is not None
        match outcome:
            case None:
                waits = self.network.links[REPLICAS[sync.replica]].waiting
                return SyncSeen(sync.number, "in flight" if waits else "stands still")
            case Cancelled():
                return SyncSeen(sync.number, "cancelled")
            case Raised(error):
                phase = "failed" if isinstance(error, Exception) else f"raised {shown(error)}"
                return SyncSeen(sync.number, phase, None, *self._waits(sync))
        phase, result = _reported(outcome.value)
        return SyncSeen(sync.number, phase, result, *self._waits(sync))

    def _waits(self, sync: SyncInFlight) -> tuple[tuple[float, ...], bool]:
        """How long it waited before each retry, and whether it did just so with another number from chance."""
        if not self.history.settings.retries or not sync.alone:
            return (), False
        name = REPLICAS[sync.replica]
        end = min((each.attempts for each in self.syncs.values() if each.attempts > sync.attempts), default=None)
        waits = self._between([each for each in self.network.attempts[sync.attempts : end] if each.sender == name])
        if not waits or sync.pending.outcome is None or isinstance(sync.pending.outcome, Returned):
            return waits, False
        before = self._waited.setdefault(waits, self._chance)
        return waits, before != self._chance and any(waits)

    def _between(self, calls: list[Attempt]) -> tuple[float, ...]:
        """Seconds between attempts. Calls of one moment are one attempt, unless they are as many as all the retries together."""
        failed = [each.time for each in calls if each.failed]
        moments = sorted({*failed, *(each.time for each in calls if failed and each.time > failed[-1])})
        if len(moments) == 1 and len(failed) > self.history.settings.retries:
            return (0.0,) * (len(failed) - 1)
        return tuple(round(after - before, 6) for before, after in pairwise(moments))


def _require_members(replica: Any) -> None:
    missing = [name for name in REPLICA_MEMBERS if not hasattr(replica, name)]
    if missing:
        raise AdapterError(
            f"replica() returned a {type(replica).__name__} without {', '.join(missing)}; expected {', '.join(REPLICA_MEMBERS)}"
        )


def _reported(value: Any) -> tuple[str, tuple[tuple[str, ...], ...] | None]:
    """The phase and the keys of a sync that returned something."""
    try:
        parts = [getattr(value, name) for name in SyncResult.__dataclass_fields__]
        return "returned", tuple(tuple(sorted(map(str, part))) for part in parts)
    except (AttributeError, TypeError):
        return f"returned {shown(value)} in place of a SyncResult", None


def _is_talkative(held: StateSyncRig) -> bool:
    """Whether a write alone lets the centre know, or the replica know of others."""
    told = held.perform(Write(0, 0, 0)).views[CENTRE][0]
    held.perform(Sync(0, 0))
    heard = held.perform(Write(1, 1, 1)).views[1][0]
    return bool(told or heard)


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: StateSyncSettings) -> Iterator[StateSyncRig]:
    """Three of the adapter's replicas in a driver that is entered already.

    Raises:
        NotOffered: the implementation does not have one of the settings.
    """
    held = StateSyncRig(driver, partial(adapter.make, "state_sync"), settings, adapter.runtime == "threads")
    try:
        yield held
    finally:
        held.close()


def model(adapter: Adapter) -> StateSyncModel:
    """The model of what the adapter's replicas can be asked for, as found by making them with each variant."""
    driver = adapter.driver()
    capabilities = Capabilities(driver.can_cancel, driver.moves_clocks, "three_way_merge" in adapter.claims)
    supported = []
    for settings in StateSyncModel(capabilities).variants():
        with suppress(NotOffered), adapter.driver() as driver, rig(adapter, driver, settings) as held:
            supported.append(settings)
            if settings == PLAIN:
                capabilities = capabilities._replace(talkative=_is_talkative(held))
    if MERGING in supported and "three_way_merge" not in adapter.claims:
        supported.remove(MERGING)
    return StateSyncModel(capabilities, tuple(supported))
