"""Shared states as a server has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from patternproof.binding.errors import Fault
from patternproof.binding.hosting.host import Host
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import shared_state as messages
from patternproof.binding.messages.common import Conflict, Raised
from patternproof.binding.values import plain, seconds
from patternproof.flavour import resolved
from patternproof.ports.shared_state import SharedStateSettings, VersionConflictError

if TYPE_CHECKING:
    from patternproof.binding.world import World


class ListenerFailure(Exception):
    """The error of a listener of errors that is to fail."""


class SharedStateHost(Host):
    """A shared state."""

    plain = messages.PLAIN

    def __init__(self, world: World, made: Any, *_: Any) -> None:
        super().__init__(world, made)
        self._snapshots: dict[str, Any] = {}
        self._removes: dict[str, Callable[[], Any]] = {}

    @staticmethod
    def arguments(world: World, message: messages.MakeState) -> tuple[Any, ...]:
        return message.initial, SharedStateSettings()

    def method(self, message: Any) -> Callable[[], Any]:
        match message:
            case messages.UpdateStateIf(version=version):
                return partial(self.made.update_if, version, self._updater(message))
            case messages.UpdateState():
                return partial(self.made.update, self._updater(message))
            case messages.GetState():
                return self.flavoured(self._get)
            case messages.ReadSnapshots(snapshots=snapshots):
                return lambda: [self._told(self._snapshot(each), each) for each in snapshots]
            case messages.ChangeSnapshot(snapshot=snapshot, edits=edits):
                return partial(_change, self._snapshot(snapshot), edits)
            case messages.AddStateListener():
                return partial(self._add, message)
            case messages.RemoveStateListener(listener=listener):
                return lambda: self._removes.get(listener, lambda: None)() and None
        return lambda: self.made.add_error_listener(partial(self._hear_error, message)) and None

    def _updater(self, message: messages.UpdateState) -> Callable[[Any], str]:
        runs = count(1)

        def update(data: Any) -> str:
            run = f"{message.function}.{next(runs)}"
            self.world.tell(message.function, [plain(data)])
            for edit in message.edits:
                _edit(data, edit)
            if message.error is not None:
                raise self.world.errors.of(message.error)
            return run

        return update

    async def _get(self) -> messages.StateSnapshot:
        return self._told(await resolved(self.made.get()))

    def _told(self, snapshot: Any, identifier: str = "") -> messages.StateSnapshot:
        """A snapshot as it reads now; a new one is kept."""
        identifier = identifier or f"s{len(self._snapshots) + 1}"
        self._snapshots[identifier] = snapshot
        try:
            data = plain(snapshot.data)
            return messages.StateSnapshot(
                snapshot=identifier, version=plain(snapshot.version), data=data, last_updated=seconds(snapshot.last_updated)
            )
        except Exception as error:  # noqa: BLE001  # whatever reading it raises is what the kit sees
            return messages.StateSnapshot(snapshot=identifier, version=None, data={"repr": repr(error)})

    def _snapshot(self, identifier: str) -> Any:
        if identifier not in self._snapshots:
            raise Fault(404, "unknown", "no such snapshot", f"no snapshot {identifier!r} was given")
        return self._snapshots[identifier]

    def _add(self, message: messages.AddStateListener) -> None:
        waits = message.manner == "waiting"
        waiting = self.world.function(message.listener, sent=lambda snapshot: plain(self._told(snapshot)))
        self._removes[message.listener] = self.made.add_listener(waiting if waits else partial(self._hear, message, count(1)))

    def _hear(self, message: messages.AddStateListener, times: count[int], snapshot: Any) -> None:
        time = next(times)
        self.world.tell(message.listener, [plain(self._told(snapshot))])
        match message.manner:
            case "failing":
                raise self.world.errors.of(Raised(error=f"{message.listener}.{time}", message="of a listener that fails"))
            case "leaving":
                self._removes[message.listener]()
            case "inviting" if time == 1 and message.invited is not None:
                self._add(messages.AddStateListener(call=message.call, listener=message.invited))

    def _hear_error(self, message: messages.AddStateErrorListener, *arguments: Any) -> None:
        self.hear_errors(message.listener, *arguments)
        if message.fails:
            raise ListenerFailure("a listener of errors that fails")

    def outcome(self, error: BaseException) -> Outcome | None:
        return Conflict(found=error.found) if isinstance(error, VersionConflictError) else None


def _edit(data: Any, edit: messages.Edit) -> None:
    """Make an edit of data, in place.

    Raises:
        Exception: there is nothing at its path, or nothing that it fits.
    """
    *way, last = edit.path
    for key in way:
        data = data[key]
    if isinstance(edit, messages.Add):
        data[last] = data.get(last, 0) + edit.by
    elif isinstance(edit, messages.Set):
        data[last] = edit.value
    else:
        data[last].append(edit.value)


def _change(snapshot: Any, edits: Iterable[messages.Edit]) -> None:
    """Try to change a snapshot; one that cannot be changed is right."""
    for edit in edits:
        try:
            if edit.path:
                _edit(snapshot.data, edit)
            elif isinstance(edit, messages.Add):
                snapshot.version += edit.by
        except Exception:  # noqa: BLE001, S112  # however it refuses
            continue
