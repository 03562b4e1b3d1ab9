"""Migrations that are wrong, each in one way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from patternproof.reference.migration import EventBridge, StateSwitch
from patternproof.reference.migration import convert_error as rightly_converted
from patternproof.reference.migration import restore_error as rightly_restored
from patternproof.reference.migration.bridge import Deed
from patternproof.reference.migration.errors import CODES, ConvertedError
from patternproof.reference.migration.legacy import TaskTransport
from patternproof.reference.migration.switch import replacing
from patternproof.reference.service_interface import MessageService

from patternproof.ports.event_bus import Event, Topic, UserAction
from patternproof.ports.migration import (
    Action,
    LegacyComponent,
    LegacyError,
    Store,
    action_of,
    event_of,
)
from patternproof.ports.service_interface import Fault, Frame, Reply, Request, Response
from patternproof.ports.shared_state import Snapshot, Updater
from tests.faulty import Faulty, Registry
from tests.faulty.service_interface import FAULTY as SERVICES

# MG-01: every message service that is wrong is so over a legacy component too.

_LEGACY = Registry("legacy_service")


def over_legacy(service: Callable[..., Any]) -> Callable[[LegacyComponent], Any]:
    """A factory that makes a service of some kind over a legacy component."""

    def legacy_service(legacy: LegacyComponent) -> Any:
        return service(TaskTransport(legacy, asyncio.Queue()))

    legacy_service.__name__ = f"Legacy{getattr(service, '__name__', service)}"
    return legacy_service


for wrong in SERVICES:
    if wrong.name in ("TellsInWords", "OneConnectionForAll"):
        continue  # words are no answer that a transport carries (see RepliesInWords), and nobody makes the other's transport
    if "histories" in wrong.ways:
        _LEGACY.add("MG-01", wrong.fragment, "histories")(over_legacy(wrong.factory))
    elif wrong.violates == {"SI-01"}:
        _LEGACY.add("MG-01", wrong.fragment, "feature")(over_legacy(wrong.factory))


class Subverted(TaskTransport):
    """The reference's transport, with what a subclass replaces."""

    @classmethod
    def service(cls, legacy: LegacyComponent) -> MessageService:
        return MessageService(cls(legacy, asyncio.Queue()))


def legacy(fragment: str, ways: str = "histories feature") -> Callable[[type[Subverted]], type[Subverted]]:
    def register(transport: type[Subverted]) -> type[Subverted]:
        def legacy_service(component: LegacyComponent) -> MessageService:
            return transport.service(component)

        legacy_service.__name__ = transport.__name__
        _LEGACY.add("MG-01", fragment, ways)(legacy_service)
        return transport

    return register


@legacy("a response goes to the call that has waited longest")
class AnswersInOrder(Subverted):
    """Has one callback for all, and takes answers for those of the requests in their order (a FIFO in front of a modem)."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._asked: deque[Request] = deque()

    def _submit(self, request: Request) -> None:
        self._asked.append(request)
        super()._submit(request)

    def _come(self, frame: Any) -> None:
        if isinstance(frame, Reply) and self._asked:
            first = self._asked.popleft()
            outcome = frame.outcome
            frame = Reply(first.id, Response(first.message.id, outcome.body) if isinstance(outcome, Response) else outcome)
        super()._come(frame)


@legacy("a fault of the peer comes back as a response")
class IgnoresCodes(Subverted):
    """Looks at the answer and never at the code (``errno`` after a call that nobody checks)."""

    def _submit(self, request: Request) -> None:
        def answered(ticket: int, error: LegacyError | None, answer: Any) -> None:
            self._come(Reply(request.id, Response(request.message.id, answer)))

        self._legacy.submit(request.message.id, request.message.body, answered)


@legacy("a call waits for ever for a peer that is lost")
class IgnoresLoss(Subverted):
    """Has no word for a code that says that nothing will come any more."""

    def _come(self, frame: Any) -> None:
        if not isinstance(frame, Exception):
            super()._come(frame)


@legacy("expected the sender of message 0 gets a typed error")
class NeverReplies(Subverted):
    """The old component never waited for a reply, so that nobody thought of giving one."""

    def _hand_over(self, frame: Frame) -> None:
        if isinstance(frame, Request):
            super()._hand_over(frame)


@legacy("the sender of a message gets an error without a type")
class RepliesInWords(Subverted):
    """Tells an old component what went wrong in words, where it looks for a code."""

    def _hand_over(self, frame: Frame) -> None:
        if isinstance(frame, Reply) and isinstance(frame.outcome, Fault):
            self._legacy.reply(int(frame.id), frame.outcome.message)  # type: ignore[arg-type]  # wrong on purpose
        else:
            super()._hand_over(frame)


# MG-02: the event bridge

_BRIDGES = Registry("event_bridge")


def bridge(fragment: str, ways: str = "histories feature") -> Callable[[type[EventBridge]], type[EventBridge]]:
    def register(made: type[EventBridge]) -> type[EventBridge]:
        async def event_bridge(direct: Any, bus: Any) -> EventBridge:
            opened = made(direct, bus)
            await opened.open()
            return opened

        event_bridge.__name__ = made.__name__
        _BRIDGES.add("MG-02", fragment, ways)(event_bridge)
        return made

    return register


class Base(EventBridge):
    """The reference, with what a subclass looks up."""

    def known(self, action: Action) -> Deed | None:
        return self._deeds.get(action.id)

    def done(self, action: Action) -> bool:
        deed = self.known(action)
        return deed is not None and deed.effect.done()

    def under_way(self, action: Action) -> bool:
        deed = self.known(action)
        return deed is not None and not deed.effect.done()

    async def act(self, action: Action) -> Any:
        return await self._direct.perform(action)


@bridge("what comes by its event alone takes no effect")
class CallsAlone(Base):
    """Publishes what is called, and leaves the other direction to the next release."""

    async def open(self) -> None:
        return


@bridge("an action takes effect again by the event that the bridge itself has published")
class HearsItself(Base):
    """Takes its own event for somebody else's (a loop between two brokers that mirror each other)."""

    async def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            action = action_of(event)
            deed = self.known(action)
            if deed is not None and self.done(action) and not deed.came:
                deed.came = True
                await self.act(action)
                return
        await super()._hear(event)


@bridge("an action that a call has made take effect does so again by its event")
class RemembersEventsAlone(Base):
    """Leaves out its own event, once, and knows nothing of the calls before (a set of ids that only the consumer fills)."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._echoed: set[str] = set()

    async def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            action = action_of(event)
            deed = self.known(action)
            if deed is not None and self.done(action) and not deed.came:
                echo = action.id not in self._echoed
                self._echoed.add(action.id)
                if not echo:
                    await self.act(action)
                return
        await super()._hear(event)


@bridge("an action takes effect again when its event comes again")
class TrustsTheBus(Base):
    """Takes at-least-once for exactly once."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._begun: set[str] = set()

    async def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            action = action_of(event)
            if self.known(action) is None:
                self._begun.add(action.id)
            elif self.done(action) and action.id in self._begun:
                await self.act(action)
                return
        await super()._hear(event)


@bridge("an action takes effect again when it is called again")
class TrustsCallers(Base):
    """Leaves it to callers not to call twice."""

    async def perform(self, action: Action) -> Any:
        return await self.act(action) if self.done(action) else await super().perform(action)


@bridge("an action that comes by a call and by its event meanwhile takes effect by both")
class BothPathsAct(Base):
    """Knows what is done, and not what is under way by the other path (check, then act)."""

    async def perform(self, action: Action) -> Any:
        deed = self.known(action)
        if deed is not None and deed.came and self.under_way(action):
            return await self.act(action)
        return await super().perform(action)

    async def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            action = action_of(event)
            deed = self.known(action)
            if deed is not None and not deed.came and self.under_way(action):
                deed.came = True
                await self.act(action)
                return
        await super()._hear(event)


@bridge("an action that is called again meanwhile takes effect by both calls", "histories")
class CallsDoNotMeet(Base):
    """Knows what is done, and not what another call is doing."""

    async def perform(self, action: Action) -> Any:
        deed = self.known(action)
        if deed is not None and not deed.came and self.under_way(action):
            return await self.act(action)
        return await super().perform(action)


@bridge("an action whose call was cancelled takes effect twice once it is called again")
class ForgetsTheCancelled(Base):
    """Shields what it does from the caller, and then forgets that it does it (asyncio.shield without a reference)."""

    async def perform(self, action: Action) -> Any:
        try:
            return await super().perform(action)
        except asyncio.CancelledError:
            self._deeds.pop(action.id, None)
            raise

    def _ended(self, identifier: str, effect: asyncio.Task[Any]) -> None:
        if identifier in self._deeds and self._deeds[identifier].effect is effect:
            super()._ended(identifier, effect)


class Dropping(Base):
    """Takes some actions for done that are not."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._gone: set[str] = set()

    async def perform(self, action: Action) -> Any:
        return None if action.id in self._gone else await super().perform(action)

    async def _hear(self, event: Event) -> None:
        if not isinstance(event, UserAction) or event.action not in self._gone:
            await super()._hear(event)


@bridge("an action whose call was cancelled takes no effect when it is called again")
class RemembersTooEarly(Dropping):
    """Takes an id down before it acts, and takes it off again after an Exception, which a cancellation is not."""

    async def perform(self, action: Action) -> Any:
        try:
            return await super().perform(action)
        except asyncio.CancelledError:
            if self.under_way(action):
                self._deeds[action.id].effect.cancel()
                self._gone.add(action.id)
            raise


@bridge("an action that has failed takes no effect when it is called again")
class NeverTwice(Dropping):
    """Takes an id down before it acts, and never takes it off again (an inbox that is written in a transaction of its own)."""

    def _ended(self, identifier: str, effect: asyncio.Task[Any]) -> None:
        if effect.cancelled() or effect.exception() is not None:
            self._gone.add(identifier)
        super()._ended(identifier, effect)


@bridge("nothing that comes by its event takes effect any more after one has failed")
class EndsWithTheFirstError(Base):
    """One loop reads the events, and an error ends it (``async for`` in a task that nobody watches)."""

    async def open(self) -> None:
        subscription = await self._bus.subscribe(Topic.USER)
        self._reading = asyncio.ensure_future(self._read(subscription))
        self._reading.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _read(self, subscription: Any) -> None:
        async for event in subscription:
            await self._hear(event)


@bridge("an action that has come by a call is not published")
class TellsNobody(Base):
    """Acts, and leaves those who listen without news."""

    def _announcement(self, deed: Deed, action: Action) -> asyncio.Task[None]:
        return asyncio.ensure_future(asyncio.sleep(0))


@bridge("an action that is called again is published again")
class PublishesEachCall(Base):
    """Publishes in the wrapper around the call, whatever the call did."""

    async def perform(self, action: Action) -> Any:
        again = self.done(action)
        result = await super().perform(action)
        if again:
            await self._bus.publish(event_of(action))
        return result


@bridge("an action that has come by its event is published by the bridge")
class PublishesWhatItHears(Base):
    """Handles an event by the very method that publishes (two services that copy each other's events)."""

    async def _hear(self, event: Event) -> None:
        await super()._hear(event)
        if isinstance(event, UserAction):
            deed = self.known(action_of(event))
            if deed is not None and deed.announcement is None:
                await self._announcement(deed, action_of(event))


@bridge("an action takes effect again that is called again since the bus has refused its event")
class RemembersAfterPublishing(Base):
    """Takes an id down when all is done, and the bus was not there for the last of it (a write to two places)."""

    async def perform(self, action: Action) -> Any:
        try:
            return await super().perform(action)
        except Exception:
            if self.done(action):
                del self._deeds[action.id]
            raise


@bridge("expected", "interleavings feature")
class ForgetsWhileItPublishes(Base):
    """Takes an id down when all is done, and is cancelled just before that."""

    async def perform(self, action: Action) -> Any:
        try:
            return await super().perform(action)
        except asyncio.CancelledError:
            if self.done(action):
                del self._deeds[action.id]
            raise


@bridge("expected", "interleavings")
class LooksBeforeItLeaps(Base):
    """Asks a store whether an action is done, which takes a turn, and acts then."""

    async def perform(self, action: Action) -> Any:
        new = self.known(action) is None
        await asyncio.sleep(0)
        if new and self.under_way(action):
            return await self.act(action)
        return await super().perform(action)


# MG-03: the state switch

_SWITCHES = Registry("state_switch")


def switch(fragment: str, ways: str = "histories feature") -> Callable[[Any], Any]:
    return _SWITCHES.add("MG-03", fragment, ways)


@switch("an update that begins after the flag was turned does not go to its store")
class FlagWithoutEffect(StateSwitch):
    """Reads the flag once, when it is made."""

    def __init__(self, old: Store, new: Store, flag: Callable[[], bool]) -> None:
        at_first = flag()
        super().__init__(old, new, lambda: at_first)


class Looser(StateSwitch):
    """The reference, with the steps of bringing the data over apart."""

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[Store]:
        await self.bring_over()
        self._under_way += 1
        self._quiet.clear()
        try:
            yield self._stores[self._new]
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._quiet.set()

    async def bring_over(self) -> None:
        async with self._moving:
            wanted = bool(self._flag())
            if wanted != self._new:
                await self._quiet.wait()
                await self.copy(self._stores[self._new], self._stores[wanted])
                self._new = wanted

    async def copy(self, source: Store, target: Store) -> None:
        snapshot = await source.get()
        await target.update(self.copying(snapshot.data))

    def copying(self, data: Mapping[str, Any]) -> Updater[None]:
        return replacing(data)


@switch("what was acknowledged before the flag was turned is not there any more")
class StartsEmpty(Looser):
    """Routes by the flag, and brings nothing over."""

    async def copy(self, source: Store, target: Store) -> None:
        return


@switch("what is acknowledged after the flag was turned is not read")
class ReadsOldOnes(StateSwitch):
    """Moves the writes first, and the reads in a later release."""

    async def get(self) -> Snapshot:
        return await self._stores[False].get()


@switch("an update under way as the flag is turned is acknowledged, and is not there")
class WaitsForNobody(Looser):
    """Copies while updates are still under way (a dump, then a switch)."""

    async def bring_over(self) -> None:
        self._quiet.set()
        await super().bring_over()


@switch("an update under way as the flag is turned takes effect twice")
class TriesAgainAfterATurn(StateSwitch):
    """Takes an update that was under way as the flag was turned for lost, and makes it again."""

    async def update(self, function: Updater[Any]) -> Any:
        async with self._store() as store:
            before = self._flag()
            result = await store.update(function)
            return result if self._flag() == before else await store.update(function)


@switch("what was acknowledged before the flag was turned has taken effect twice once it is turned back")
class Merges(Looser):
    """Adds what was there to what is there (an import that was written for an empty store)."""

    def copying(self, data: Mapping[str, Any]) -> Updater[None]:
        def add(there: dict[str, Any]) -> None:
            for name, count in data.items():
                there[name] = there.get(name, 0) + count

        return add


@switch("an update that is acknowledged while another brings the data over is not there")
class EachBringsItOver(Looser):
    """Has no lock, so that whoever comes meanwhile copies as well."""

    async def bring_over(self) -> None:
        wanted = bool(self._flag())
        if wanted != self._new:
            await self._quiet.wait()
            await self.copy(self._stores[self._new], self._stores[wanted])
            self._new = wanted


@switch("what was acknowledged is not there once the call that was to bring it over was cancelled")
class TurnsFirst(Looser):
    """Turns before it copies, and back again after an Exception, which a cancellation is not."""

    async def copy(self, source: Store, target: Store) -> None:
        self._new = not self._new
        try:
            await super().copy(source, target)
        except Exception:
            self._new = not self._new
            raise


@switch("what was acknowledged is not there once the call that was to bring it over has failed")
class GoesOnAfterAFailure(Looser):
    """Turns before it copies, and thinks of a cancellation, and not of a store that fails."""

    async def copy(self, source: Store, target: Store) -> None:
        self._new = not self._new
        try:
            await super().copy(source, target)
        except asyncio.CancelledError:
            self._new = not self._new
            raise


class Guarded(Looser):
    """Has a lock that is released by hand."""

    async def bring_over(self) -> None:
        await self._moving.acquire()
        wanted = bool(self._flag())
        try:
            if wanted != self._new:
                await self._quiet.wait()
                await self.copy(self._stores[self._new], self._stores[wanted])
                self._new = wanted
        except BaseException as error:
            if self.releases(error):
                self._moving.release()
            raise
        self._moving.release()

    def releases(self, error: BaseException) -> bool:
        return True


@switch("calls wait for ever after one was cancelled that was to bring the data over")
class KeepsTheLockWhenCancelled(Guarded):
    """Releases after an Exception, which a cancellation is not."""

    def releases(self, error: BaseException) -> bool:
        return isinstance(error, Exception)


@switch("calls wait for ever after one has failed that was to bring the data over")
class KeepsTheLockWhenItFails(Guarded):
    """Releases when cancelled, and not when the store fails."""

    def releases(self, error: BaseException) -> bool:
        return isinstance(error, asyncio.CancelledError)


@switch("expected", "interleavings")
class LooksAtTheFlagFirst(Looser):
    """Looks at the flag, and a turn later acts on what it saw."""

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[Store]:
        await self.bring_over()
        store = self._stores[self._new]
        await asyncio.sleep(0)
        yield store


# MG-04: the conversion of errors


class Pair(Faulty):
    """Two functions that are wrong."""

    @property
    def made(self) -> Any:
        return {"convert_error": self.factory.convert_error, "restore_error": self.factory.restore_error}  # type: ignore[attr-defined]  # a class with these


_PAIRS: list[Faulty] = []


def errors(fragment: str, ways: str = "histories feature") -> Callable[[Any], Any]:
    def register(pair: Any) -> Any:
        _PAIRS.append(Pair(pair, frozenset({"MG-04"}), fragment, frozenset(ways.split())))
        return pair

    return register


class Rightly:
    """The reference."""

    convert_error: Callable[[BaseException], Any] = staticmethod(rightly_converted)
    restore_error: Callable[[BaseException], Any] = staticmethod(rightly_restored)


@errors("cannot be converted")
class TableAlone(Rightly):
    """Has a table of the known codes, and looks everything up in it."""

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        if isinstance(error, LegacyError):
            {4, 13, 20, 31, 111}.__contains__(error.code) or [][error.code]
        return rightly_converted(error)


@errors("whose cause has itself as its cause cannot be converted")
class FollowsCauses(Rightly):
    """Converts the whole chain of causes, and never comes to the end of a circle."""

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        made = rightly_converted(error)
        if error.__cause__ is not None:
            FollowsCauses.convert_error(error.__cause__)
        return made


@errors("does not become a new error")
class LetsStrangersThrough(Rightly):
    """Converts its own old type, and lets the others through."""

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        return rightly_converted(error) if isinstance(error, LegacyError) else error

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return rightly_restored(error) if isinstance(error, ConvertedError) or hasattr(error, "kind") else error


@errors("loses its cause as it is converted")
class FromNone(Rightly):
    """``raise ... from None``, to keep tracebacks short."""

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        made = rightly_converted(error)
        if made is not error:
            made.__cause__ = None
        return made


@errors("is changed as it is converted")
class LeavesAMark(Rightly):
    """Marks what was converted, so as not to do so twice."""

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        vars(error)["converted"] = True
        return rightly_converted(error)


@errors("comes back otherwise than it was")
class MakesItAnew(Rightly):
    """Makes the old error anew of its arguments, which not every type is made of."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        if isinstance(error, ConvertedError) and not isinstance(error.original, LegacyError | BaseExceptionGroup):
            made = type(error.original)(*error.original.args)
            made.__cause__ = error.original.__cause__
            return made
        return rightly_restored(error)


@errors("comes back otherwise than it was")
class OneOldType(Rightly):
    """Restores everything as the one old type."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        back = rightly_restored(error)
        if isinstance(back, LegacyError):
            return back
        made = LegacyError(500, type(back).__name__)
        made.__cause__ = back.__cause__
        return made


def anew(error: BaseException, change: Callable[[LegacyError, ConvertedError], LegacyError]) -> Any:
    """What is restored, where an error of the very old type is made anew."""
    if not isinstance(error, ConvertedError) or type(error.original) is not LegacyError:
        return rightly_restored(error)
    made = change(error.original, error)
    made.__cause__ = made.__cause__ or error.original.__cause__
    return made


@errors("comes back otherwise than it was")
class ByKind(Rightly):
    """Restores the code by the kind, which several codes share."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return anew(error, lambda old, new: LegacyError(CODES.get(new.kind, 500), *old.args[1:]))


@errors("comes back otherwise than it was")
class TextOfTheText(Rightly):
    """Takes ``str(error)`` for the text, code and all."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return anew(error, lambda old, new: LegacyError(old.code, str(old), *old.args[2:]))


@errors("comes back otherwise than it was")
class CodeAndTextAlone(Rightly):
    """Keeps what it has fields for."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return anew(error, lambda old, new: LegacyError(old.code, old.text))


@errors("comes back otherwise than it was")
class CausedByTheNewOne(Rightly):
    """``raise old from new``: the way that it came becomes its cause."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        def caused(old: LegacyError, new: ConvertedError) -> LegacyError:
            made = LegacyError(*old.args)
            made.__cause__ = new
            return made

        return anew(error, caused)


@errors("an error comes back as another that was converted after it")
class RemembersTheLast(Rightly):
    """Keeps the last error that was converted in a global (``errno``)."""

    last: BaseException | None = None

    @staticmethod
    def convert_error(error: BaseException) -> Any:
        RemembersTheLast.last = error
        return rightly_converted(error)

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return RemembersTheLast.last if isinstance(error, ConvertedError) else rightly_restored(error)


@errors("that never was an old one does not come back as an old one with its cause")
class KnowsItsOwnAlone(Rightly):
    """Restores what it has converted, and nothing else."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return error.original  # type: ignore[attr-defined]  # wrong on purpose


@errors("that never was an old one does not come back as an old one with its cause")
class LeavesNewOnes(Rightly):
    """Gives back what it does not know."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return error.original if isinstance(error, ConvertedError) else error


@errors("that never was an old one does not come back as an old one with its cause")
class TextOfNewOnes(Rightly):
    """Makes an old error of the sentence of a new one."""

    @staticmethod
    def restore_error(error: BaseException) -> Any:
        return error.original if isinstance(error, ConvertedError) else LegacyError(500, str(error))


FAULTY: list[Faulty] = [*_LEGACY, *_BRIDGES, *_SWITCHES, *_PAIRS]
