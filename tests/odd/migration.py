"""Migrations that are unusual, and right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

from patternproof.reference.migration import EventBridge, StateSwitch
from patternproof.reference.migration import convert_error as rightly_converted
from patternproof.reference.migration import restore_error as rightly_restored
from patternproof.reference.migration.bridge import Deed
from patternproof.reference.migration.errors import KINDS
from patternproof.reference.migration.legacy import TaskTransport
from patternproof.reference.migration.switch import replacing
from patternproof.reference.service_interface import MessageService

from patternproof.ports.error_propagation import ComponentError, Kind
from patternproof.ports.event_bus import Event, Topic, UserAction
from patternproof.ports.migration import Action, LegacyCode, LegacyComponent, LegacyError, Store, action_of, event_of
from patternproof.ports.service_interface import ErrorKind, Fault, Reply, Request, Response, TransportError
from patternproof.ports.shared_state import Snapshot, Updater
from tests.odd import Odd, Registry

_BRIDGES = Registry("event_bridge")
_SWITCHES = Registry("state_switch")
_LEGACY = Registry("legacy_service")


def bridge(made: type[Any]) -> type[Any]:
    async def event_bridge(direct: Any, bus: Any) -> Any:
        opened = made(direct, bus)
        await opened.open()
        return opened

    event_bridge.__name__ = made.__name__
    _BRIDGES.add(event_bridge)
    return made


@bridge
class Reads(EventBridge):
    """Reads its events by a subscription, in a task, and begins with each at once."""

    async def open(self) -> None:
        self._subscription = await self._bus.subscribe(Topic.USER)
        self._reading = asyncio.ensure_future(self._read())
        self._busy: set[asyncio.Task[None]] = set()

    async def _read(self) -> None:
        while True:
            task = asyncio.ensure_future(self._quietly(await self._subscription.receive()))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)

    async def _quietly(self, event: Event) -> None:
        with suppress(Exception):
            await self._hear(event)


@bridge
class OneAtATime(EventBridge):
    """Does one thing after the other, and so whatever comes by calls waits for what comes by events."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._turn = asyncio.Lock()

    async def perform(self, action: Action) -> Any:
        async with self._turn:
            return await super().perform(action)

    async def _hear(self, event: Event) -> None:
        async with self._turn:
            await super()._hear(event)


@bridge
class CancelsToo(EventBridge):
    """A call that is cancelled cancels what it does, unless somebody else waits for it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._waiting: dict[str, int] = {}

    async def perform(self, action: Action) -> Any:
        return await self._counted(action, super().perform(action))

    async def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            await self._counted(action_of(event), super()._hear(event))

    async def _counted(self, action: Action, work: Any) -> Any:
        self._waiting[action.id] = self._waiting.get(action.id, 0) + 1
        try:
            return await work
        finally:
            self._waiting[action.id] -= 1
            deed = self._deeds.get(action.id)
            if not self._waiting[action.id] and deed is not None and not deed.effect.done():
                deed.effect.cancel()
                del self._deeds[action.id]

    def _ended(self, identifier: str, effect: asyncio.Task[Any]) -> None:
        if not effect.cancelled():
            super()._ended(identifier, effect)


@bridge
class TriesAgain(EventBridge):
    """Tries again by itself, once, when the direct way has failed."""

    def _deed(self, action: Action) -> Deed:
        if action.id in self._deeds:
            return self._deeds[action.id]
        deed = self._deeds[action.id] = Deed(asyncio.ensure_future(self._twice(action)))
        deed.effect.add_done_callback(lambda effect: self._ended(action.id, effect))
        return deed

    async def _twice(self, action: Action) -> Any:
        with suppress(Exception):
            return await self._direct.perform(action)
        return await self._direct.perform(action)


@bridge
class PublishesFirst:
    """Makes an event of each call, and acts on events alone; who has called waits for what comes of that."""

    def __init__(self, direct: Any, bus: Any) -> None:
        self._direct, self._bus = direct, bus
        self._effects: dict[str, asyncio.Future[Any]] = {}

    async def open(self) -> None:
        await self._bus.handle((Topic.USER,), self._hear)

    async def perform(self, action: Action) -> Any:
        new = action.id not in self._effects
        effect = self._effects.setdefault(action.id, asyncio.get_running_loop().create_future())
        if new:
            publishing = asyncio.ensure_future(self._publish(action))
            await asyncio.shield(publishing)
        return await asyncio.shield(effect)

    async def _publish(self, action: Action) -> None:
        try:
            await self._bus.publish(event_of(action))
        except Exception as error:
            self._effects.pop(action.id).set_exception(error)
            raise

    async def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            self._acting = getattr(self, "_acting", {})
            if event.action not in self._acting:
                self._acting[event.action] = asyncio.ensure_future(self._act(action_of(event)))
            await asyncio.shield(self._acting[event.action])

    async def _act(self, action: Action) -> None:
        effect = self._effects.setdefault(action.id, asyncio.get_running_loop().create_future())
        effect.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            effect.set_result(await self._direct.perform(action))
        except Exception as error:  # noqa: BLE001  # whoever waits is told
            del self._acting[action.id], self._effects[action.id]
            effect.set_exception(error)


@bridge
class SaysNothingTwice(EventBridge):
    """Whoever asks again for what is done gets None, a turn later."""

    async def perform(self, action: Action) -> Any:
        deed = self._deeds.get(action.id)
        done = deed is not None and deed.effect.done()
        result = await super().perform(action)
        await asyncio.sleep(0)
        return None if done else result


@bridge
class ToldLater(EventBridge):
    """Publishes beside the caller, who does not hear whether that went well."""

    async def perform(self, action: Action) -> Any:
        deed = self._deed(action)
        result = await asyncio.shield(deed.effect)
        if not deed.came:
            self._announcement(deed, action).add_done_callback(lambda task: task.cancelled() or task.exception())
        return result


@_SWITCHES.add
class Exclusive(StateSwitch):
    """Does one thing after the other."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._alone = asyncio.Lock()

    async def update(self, function: Updater[Any]) -> Any:
        async with self._alone:
            return await super().update(function)

    async def get(self) -> Snapshot:
        async with self._alone:
            return await super().get()


@_SWITCHES.add
class InATask(StateSwitch):
    """Whatever is done goes on in a task of its own when its caller is cancelled."""

    async def update(self, function: Updater[Any]) -> Any:
        return await asyncio.shield(asyncio.ensure_future(super().update(function)))

    async def get(self) -> Snapshot:
        return await asyncio.shield(asyncio.ensure_future(super().get()))


@_SWITCHES.add
class Restless(StateSwitch):
    """Gives way to others before and after everything, and copies each time twice."""

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[Store]:
        await asyncio.sleep(0)
        async with super()._store() as store:
            await asyncio.sleep(0)
            yield store
            await asyncio.sleep(0)


@_SWITCHES.add
class Both:
    """Writes to both stores at all times, in order, and reads where the flag stands."""

    def __init__(self, old: Store, new: Store, flag: Callable[[], bool]) -> None:
        self._stores, self._flag, self._alone = {False: old, True: new}, flag, asyncio.Lock()
        self._behind = False

    async def update(self, function: Updater[Any]) -> Any:
        return await asyncio.shield(asyncio.ensure_future(self._update(function)))

    async def _update(self, function: Updater[Any]) -> Any:
        async with self._alone:
            await self._catch_up()
            result = await self._stores[False].update(function)
            self._behind = True
            await self._catch_up()
            return result

    async def _catch_up(self) -> None:
        if self._behind:
            snapshot = await self._stores[False].get()
            await self._stores[True].update(replacing(snapshot.data))
            self._behind = False

    async def get(self) -> Snapshot:
        async with self._alone:
            await self._catch_up()
            return await self._stores[bool(self._flag())].get()


@_SWITCHES.add
class Replays:
    """Keeps every update, and makes those that a store lacks there before anything else."""

    def __init__(self, old: Store, new: Store, flag: Callable[[], bool]) -> None:
        self._stores, self._flag, self._alone = {False: old, True: new}, flag, asyncio.Lock()
        self._log: list[Updater[Any]] = []
        self._made = {False: 0, True: 0}

    async def update(self, function: Updater[Any]) -> Any:
        return await asyncio.shield(asyncio.ensure_future(self._update(function)))

    async def _update(self, function: Updater[Any]) -> Any:
        async with self._alone:
            new = bool(self._flag())
            await self._replay(new)
            result = await self._stores[new].update(function)
            self._log.append(function)
            self._made[new] += 1
            return result

    async def _replay(self, new: bool) -> None:
        for function in self._log[self._made[new] :]:
            await asyncio.shield(asyncio.ensure_future(self._once(new, function)))

    async def _once(self, new: bool, function: Updater[Any]) -> None:
        await self._stores[new].update(function)
        self._made[new] += 1

    async def get(self) -> Snapshot:
        return await asyncio.shield(asyncio.ensure_future(self._get()))

    async def _get(self) -> Snapshot:
        async with self._alone:
            new = bool(self._flag())
            await self._replay(new)
            return await self._stores[new].get()


@_LEGACY.add
def by_tickets(legacy: LegacyComponent) -> MessageService:
    """Has one callback for all requests, and finds each by its ticket."""

    class ByTickets(TaskTransport):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._requests: dict[int, Request] = {}

        def _submit(self, request: Request) -> None:
            self._requests[self._legacy.submit(request.message.id, request.message.body, self._answered)] = request

        def _answered(self, ticket: int, error: LegacyError | None, answer: Any) -> None:
            request = self._requests[ticket]
            if error is None:
                self._come(Reply(request.id, Response(request.message.id, answer)))
            elif error.code == LegacyCode.LOST:
                lost = TransportError("no more")
                lost.__cause__ = error
                self._come(lost)
            else:
                self._come(Reply(request.id, Fault(ErrorKind(KINDS[error.code]), error.text)))

    return MessageService(ByTickets(legacy, asyncio.Queue()))


@_LEGACY.add
def numbers_from_far(legacy: LegacyComponent) -> MessageService:
    """Numbers its requests from a big number on."""
    service = MessageService(TaskTransport(legacy, asyncio.Queue()))
    service._frame_ids = count(2**40, 7)
    return service


class Pair(Odd):
    """Two functions that are unusual."""

    @property
    def made(self) -> Any:
        return {"convert_error": self.factory.convert_error, "restore_error": self.factory.restore_error}  # type: ignore[attr-defined]  # a class with these


_PAIRS: list[Odd] = []


def errors(pair: Any) -> Any:
    _PAIRS.append(Pair(pair))
    return pair


@errors
class Aside:
    """Keeps the old errors aside, and has only their causes beneath the new ones."""

    kept: list[tuple[ComponentError, BaseException]] = []  # noqa: RUF012  # it is meant to be one for all

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        made = ComponentError(Kind.UNEXPECTED, "It failed.", "old", "")
        made.__cause__ = error.__cause__
        Aside.kept.append((made, error))
        return made

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return next((old for new, old in Aside.kept if new is error), None) or rightly_restored(error)


@errors
class GroupsOfNewOnes:
    """Makes a group of new errors of a group of old ones."""

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        if not isinstance(error, ExceptionGroup):
            return rightly_converted(error)
        made = ExceptionGroup(error.message, [GroupsOfNewOnes.convert_error(each) for each in error.exceptions])
        made.original = error  # type: ignore[attr-defined]  # an attribute of this one
        return made

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return getattr(error, "original", None) or rightly_restored(error)


@errors
class LeavesInterruptions:
    """Leaves alone what is no Exception."""

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        return rightly_converted(error) if isinstance(error, Exception) else error

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return rightly_restored(error) if isinstance(error, Exception) else error


@errors
class Copies:
    """Gives back a copy of an old error of the plain type, made of what the new one says."""

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        return rightly_converted(error)

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        back = rightly_restored(error)
        if type(back) is not LegacyError:
            return back
        copy = type("LegacyError", (LegacyError,), {})(*back.args)
        copy.__cause__ = back.__cause__
        copy.add_note("restored")
        return copy


ODD: list[Odd] = [*_LEGACY, *_BRIDGES, *_SWITCHES, *_PAIRS]
