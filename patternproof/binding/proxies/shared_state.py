"""Shared states behind a server."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from patternproof.binding.messages import shared_state as messages
from patternproof.binding.messages.common import Conflict, Outcome
from patternproof.binding.messages.shared_state import StateSnapshot
from patternproof.binding.proxies.edits import RecordingMapping
from patternproof.binding.proxies.proxy import Proxy, deaf, with_members
from patternproof.drivers.remote import Remote
from patternproof.ports import Unsupported
from patternproof.ports.shared_state import SharedStateSettings, VersionConflictError


class _Conflict(Exception):
    """The version was another one."""

    def __init__(self, found: int | None) -> None:
        super().__init__(found)
        self.found = found


class RemoteSnapshot:
    """A snapshot over there. It reads as it was given within the moment in which it came, and after that as it reads over there.

    Args:
        book: keeps all of a state.
        told: what came.
    """

    def __init__(self, book: Book, told: StateSnapshot) -> None:
        self._book, self._told, self.moment = book, told, book.driver.moments

    def update(self, told: StateSnapshot) -> None:
        """Take in how it reads now."""
        self._told, self.moment = told, self._book.driver.moments

    def _read(self) -> StateSnapshot:
        if self.moment != self._book.driver.moments:
            self._book.refresh()
        return self._told

    @property
    def data(self) -> Any:
        data = self._read().data
        return RecordingMapping(data, _Sending(self._change)) if isinstance(data, Mapping) else data

    def _change(self, edit: messages.Edit) -> None:
        self._book.change(self._told.snapshot, edit)

    @property
    def last_updated(self) -> Any:
        return self._read().last_updated

    @property
    def version(self) -> Any:
        return self._read().version

    @version.setter
    def version(self, value: int) -> None:
        self._change(messages.Add(path=[], by=value - self._told.version))


class _Sending(list[messages.Edit]):
    """Edits that are made over there as they are taken down."""

    def __init__(self, send: Callable[[messages.Edit], None]) -> None:
        super().__init__()
        self._send = send

    def append(self, edit: messages.Edit) -> None:
        self._send(edit)


class Book:
    """The snapshots of a state that somebody here still has.

    Args:
        driver: reaches them.
        instance: the state's id.
    """

    def __init__(self, driver: Remote, instance: str) -> None:
        self.driver, self.instance = driver, instance
        self._kept: WeakValueDictionary[str, RemoteSnapshot] = WeakValueDictionary()

    def take(self, told: Any) -> Any:
        """The snapshot of a message; anything else as it is."""
        try:
            message = msgspec.convert(told, StateSnapshot)
        except msgspec.ValidationError:
            return told
        made = self._kept[message.snapshot] = RemoteSnapshot(self, message)
        return made

    def refresh(self) -> None:
        """Read all of them again."""
        kept = dict(self._kept)
        outcome = self.driver.plainly(self.instance, messages.ReadSnapshots, snapshots=[*kept])
        told = msgspec.convert(self.driver.tokens.delivered(outcome), list[StateSnapshot])
        for each in told:
            kept[each.snapshot].update(each)

    def change(self, snapshot: str, edit: messages.Edit) -> None:
        """Try to change one over there."""
        self.driver.notify(self.instance, messages.ChangeSnapshot, snapshot=snapshot, edits=[edit])


class RemoteState(Proxy):
    """A state over there."""

    initial: Mapping[str, Any]
    """The data that it was made with: functions are tried on it."""
    book: Book

    def _delivered(self, outcome: Outcome) -> Any:
        if isinstance(outcome, Conflict):
            raise _Conflict(outcome.found)
        return super()._delivered(outcome)

    async def get(self) -> Any:
        return self.book.take(await self._follow(messages.GetState))

    async def update(self, function: Callable[[dict[str, Any]], Any]) -> Any:
        return await self._updated(function, messages.UpdateState)

    async def _updated(self, function: Callable[[dict[str, Any]], Any], message: Callable[..., Any], **values: Any) -> Any:
        """Have the state updated: what the function does is found by running it, and what it comes to by running it again."""
        edits: list[messages.Edit] = []
        error = None
        try:
            function(RecordingMapping(self.initial, edits))
        except BaseException as raised:  # noqa: BLE001  # whatever it raises is to be raised over there
            error = self._driver.tokens.of_error(raised)
        results: dict[str, Any] = {}
        identifier = self._driver.number("f")
        self._driver.listen(partial(_run, function, identifier, results), identifier)
        value = await self._follow(message, function=identifier, edits=edits, error=error, **values)
        return results.get(value, value) if isinstance(value, str) else value


def _run(function: Callable[[Any], Any], identifier: str, results: dict[str, Any], data: Any) -> None:
    run = f"{identifier}.{len(results) + 1}"
    results[run] = None
    try:
        results[run] = function(data)
    except BaseException:  # noqa: BLE001  # it was raised over there
        return


class Listened(RemoteState):
    """One that tells of its versions."""

    _invited: str | None = None
    """While a plain listener is told here: the one that it has added over there."""
    _hearing = False

    def add_listener(self, listener: Callable[[Any], Any]) -> Any:
        if inspect.iscoroutinefunction(listener):
            identifier = self._driver.give(lambda told: listener(self.book.take(told)), self._driver.number("l"))
            self._plainly(messages.AddStateListener, listener=identifier, manner="waiting")
        elif self._hearing and self._invited is not None:
            identifier = self._listen(listener, self._invited)
        else:
            identifier = self._add_plain(listener, manner(listener))
        return partial(self._remove, identifier)

    def _add_plain(self, listener: Callable[[Any], Any], manner: str) -> str:
        invited = self._driver.number("l") if manner == "inviting" else None
        identifier = self._listen(listener, self._driver.number("l"), invited)
        self._plainly(messages.AddStateListener, listener=identifier, manner=manner, invited=invited)
        return identifier

    def _listen(self, listener: Callable[[Any], Any], identifier: str, invited: str | None = None) -> str:
        return self._driver.listen(partial(self._hear, listener, identifier, invited, count(1)), identifier)

    def _hear(self, listener: Callable[[Any], Any], identifier: str, invited: str | None, times: count[int], told: Any) -> None:
        """Tell a listener here, which may do again what it has done over there: that goes no further."""
        self._hearing, self._invited = True, invited
        try:
            listener(self.book.take(told))
        except Exception as error:  # noqa: BLE001  # it was raised over there
            self._driver.tokens.know(f"{identifier}.{next(times)}", error)
        finally:
            self._hearing, self._invited = False, None

    def _remove(self, identifier: str) -> None:
        if not self._hearing:
            self._plainly(messages.RemoveStateListener, listener=identifier)


class Reporting(RemoteState):
    """One that hands on the errors of listeners."""

    def add_error_listener(self, listener: Callable[[BaseException], Any]) -> None:
        fails = getattr(listener, "fails", False)
        given = self._driver.listen(deaf if fails else partial(self._hear_error, listener))
        self._plainly(messages.AddStateErrorListener, listener=given, fails=fails)


class Comparing(RemoteState):
    """One that compares versions."""

    async def update_if(self, version: int, function: Callable[[dict[str, Any]], Any]) -> Any:
        try:
            return await self._updated(function, messages.UpdateStateIf, version=version)
        except _Conflict as conflict:
            raise VersionConflictError(version, conflict.found) from None


MEMBERS = {"add_listener": Listened, "add_error_listener": Reporting, "update_if": Comparing}


def manner(listener: Any) -> str:
    """What a plain listener does as it is told, which has to be done over there."""
    return str(getattr(listener, "manner", getattr(getattr(listener, "__self__", None), "manner", "plain")))


def make(driver: Remote, initial: Mapping[str, Any], settings: SharedStateSettings) -> Iterator[RemoteState]:
    """As an adapter's factory.

    Raises:
        Unsupported: it is to be over a store, which a server of one process does not show.
    """
    if settings.store is not None:
        raise Unsupported("store")
    made = driver.make(messages.Make, initial=initial)
    kind = with_members(RemoteState, tuple(MEMBERS[name] for name in MEMBERS if name in made.members))
    state = kind(driver, made.instance)
    state.initial, state.book = initial, Book(driver, made.instance)
    yield state
    driver.remove(made.instance)
