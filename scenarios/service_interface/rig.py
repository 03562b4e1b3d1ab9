"""A message service held by a driver."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Pending
from patternproof.flavour import plainly, resolved
from patternproof.history import Batch, shown
from patternproof.outcome import AdapterError
from patternproof.ports import Unsupported
from patternproof.rig import Rig

from . import events
from .calling import WAITS, Caller
from .events import DEADLINE, Calling, Given, Seen, Standing
from .experiments import EXPERIMENTS
from .hearers import Deed, Hearer, Listener
from .model import Capabilities, ServiceModel
from .peer import Peer, PlainPeer
from .samples import Samples
from .structure import accepts, demand

SMOKE = (events.Send(0), events.Answer(0))
"""The plainest use."""
LACKING = (Unsupported, AttributeError)


class ServiceRig(Rig):
    """Drives one service.

    Args:
        adapter: makes the services of experiments.
        driver: an entered driver.
        settings: there are none.
        mark: what tells its messages from those of others.
        holds: whether its handlers run until the kit lets them end.
    """

    def __init__(self, adapter: Adapter, driver: Driver, settings: Given, mark: str = "", holds: bool = True) -> None:
        super().__init__(driver, settings)
        self._adapter = adapter
        self._holds = holds
        self._threads = adapter.runtime == "threads"
        self._samples = Samples(mark)
        self.peer = (PlainPeer if self._threads else Peer)(driver, self._samples)
        self.service: Any = None
        self.callers: dict[int, Caller] = {}
        """By number: those that were not told to be over."""
        self.hearers: dict[int, Hearer] = {}
        self.listeners: dict[int, Listener] = {}
        self.plain: set[str] = set()
        """The methods that gave nothing to be awaited, where they should."""
        self._ids: list[Any] = []
        self._found: list[str] = []

    def begin(self, service: Any) -> None:
        """Take a service that was just made."""
        self.service = service
        self.driver.settle()

    @property
    def handles(self) -> bool:
        """Whether a handler could be registered, as far as that was tried."""
        return all(not isinstance(each.refused, LACKING) for each in self.hearers.values())

    @property
    def reads(self) -> bool:
        """Whether messages could be received, as far as that was tried."""
        return hasattr(self.service, "receive_messages") and all(
            not isinstance(each.refused, LACKING) for each in self.listeners.values()
        )

    def call(self, method: Callable[[], Coroutine[Any, Any, Any]]) -> Pending:
        """Begin a call, in the flavour of the service."""
        return self.driver.begin((lambda: plainly(method())) if self._threads else method)

    def run(self, batch: Batch) -> Any:
        return super().run(_in_order(batch))

    def unanswered(self) -> bool:
        return any(caller.phase == WAITS for caller in self.callers.values())

    def do(self, event: Any) -> None:
        match event:
            case events.Send(number, how):
                self._send(number, number, how)
            case events.Retry(number, of):
                self._send(number, of, "keyed")
            case events.CancelSend(number):
                self._cancel(number)
            case events.Answer(number, how):
                self.peer.answer(number, how)
            case events.PeerSends(number, special):
                self.peer.send_message(number, special)
            case events.Lose():
                self.peer.lose()
            case events.Register(number):
                self.call(partial(self._register, self._hearer(number)))
            case events.Unregister(number):
                self._with_hearer(number, lambda hearer: self.call(partial(self._unregister, hearer)))
            case events.HandlerEnds():
                self._with_hearer(event.handler, lambda hearer: hearer.end(self._deed(hearer, event), event.how == "error"))
            case _:
                self._do_rarely(event)

    def _do_rarely(self, event: Any) -> None:
        match event:
            case events.Subscribe(number):
                self.call(partial(self._subscribe, self._listener(number)))
            case events.SubscribeThenPeerSends(number, message):
                self.call(partial(self._subscribe, self._listener(number), message))
            case events.Receive(number):
                if number in self.listeners:
                    self.listeners[number].receive(self.call)
            case events.CancelReceive(number):
                if number in self.listeners:
                    self.listeners[number].cancel()
            case events.Try(name):
                self._found.append(EXPERIMENTS[name](self))
            case events.Advance(seconds):
                self.driver.pass_time(seconds)
            case events.SetWallClock(seconds):
                self.driver.move_wall_clock(seconds)
            case _:
                raise TypeError(f"no event of message services: {event!r}")

    def look_at(self, event: Any) -> Seen:
        """Take down an event that has happened already."""
        seen: Seen = self.note(event)
        return seen

    # Calls

    def _send(self, number: int, root: int, how: str) -> None:
        caller = self._caller(number, root, how)
        caller.pending = self.call(caller.run)

    def _caller(self, number: int, root: int, how: str = "") -> Caller:
        assert number not in self.callers, f"each call has a number of its own: {number} is taken"
        if how == "refused":
            self.peer.refusing.add(root)
        options: dict[str, Any] = {"deadline": {"timeout": DEADLINE * self.driver.scale}, "keyed": {}}.get(how, {})
        if how == "keyed":
            options = {"idempotency_key": f"key of {root}"}
        self.callers[number] = made = Caller(self.service, self.peer, number, root, options, how == "special")
        return made

    def _cancel(self, number: int) -> None:
        caller = self.callers.get(number)
        if caller is not None and caller.pending is not None and caller.phase == WAITS:
            caller.cancelled = True
            self.driver.cancel(caller.pending)

    async def _awaited(self, name: str, result: Any) -> Any:
        """What a method gave, awaited; where that is not needed, it is taken down."""
        if not self._threads and not hasattr(result, "__await__"):
            self.plain.add(name)
        return await resolved(result)

    # Handlers

    def _hearer(self, number: int) -> Hearer:
        assert number not in self.hearers, f"each handler has a number of its own: {number} is taken"
        self.hearers[number] = made = Hearer(number, self.driver, self._samples, self._holds)
        return made

    def _with_hearer(self, number: int, deed: Callable[[Hearer], Any]) -> None:
        if number in self.hearers:
            deed(self.hearers[number])

    def _deed(self, hearer: Hearer, event: events.HandlerEnds) -> Deed | None:
        match event.how:
            case "sends" if hearer.busy:
                return self._caller(event.call, event.call).run
            case "registers" if hearer.busy:
                return partial(self._register, self._hearer(event.other))
            case "leaves":
                return partial(self._unregister, hearer)
        return None

    async def _register(self, hearer: Hearer) -> None:
        hearer.doing = "registers"
        try:
            demand(self.service, "register_handler", 1)
            hearer.given = await self._awaited("register_handler", self.service.register_handler(hearer.function))
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            hearer.refused = error
            hearer.trouble = f"fails to register: {shown(error)}"
        else:
            hearer.registered = True
            if any(each == hearer.given for each in self._ids):
                hearer.trouble = f"has an id that was given before: {shown(hearer.given)}"
            self._ids.append(hearer.given)
        hearer.doing = ""

    async def _unregister(self, hearer: Hearer) -> None:
        if not hearer.registered or hearer.left or hearer.doing:
            return
        hearer.doing = "leaves"
        try:
            demand(self.service, "unregister_handler", 1)
            await self._awaited("unregister_handler", self.service.unregister_handler(hearer.given))
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            hearer.refused = error
            hearer.trouble = f"fails to unregister: {shown(error)}"
        else:
            hearer.left = True
        hearer.doing = ""

    # Readers

    def _listener(self, number: int) -> Listener:
        assert number not in self.listeners, f"each reader has a number of its own: {number} is taken"
        self.listeners[number] = made = Listener(number, self.driver, self._samples)
        return made

    async def _subscribe(self, listener: Listener, message: int | None = None) -> None:
        try:
            demand(self.service, "receive_messages", 0)
            listener.subscription = await self._awaited("receive_messages", self.service.receive_messages())
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            listener.refused = error
            listener.trouble = f"fails to subscribe: {shown(error)}"
        if message is not None:
            self.peer.send_message(message)

    # What is seen

    def look(self) -> Seen:
        arrived, told = self.peer.look()
        hearers = [hearer for _, hearer in sorted(self.hearers.items())]
        calls = tuple(Calling(number, caller.phase) for number, caller in sorted(self.callers.items()))
        self.callers = {number: caller for number, caller in self.callers.items() if caller.phase == WAITS}
        seen = Seen(
            arrived=arrived,
            calls=calls,
            heard=tuple(hearing for hearer in hearers for hearing in hearer.look()),
            received=tuple(receipt for _, each in sorted(self.listeners.items()) for receipt in each.look()),
            told=told,
            standing=tuple(filter(None, map(_standing, hearers))),
            found=tuple(self._found),
        )
        self._found.clear()
        return seen

    @contextmanager
    def beside(self, marks: Sequence[str], holds: bool = True) -> Iterator[list[ServiceRig]]:
        """Rigs over new services of the same driver, each over a transport of its own."""
        with ExitStack() as stack:
            made = [ServiceRig(self._adapter, self.driver, Given(), mark, holds) for mark in marks]
            for each in made:
                each.begin(stack.enter_context(self._adapter.make("service_interface", self.driver, each.peer)))
            yield made


def _in_order(batch: Batch) -> Batch:
    """The same with the peer's messages in the order of their numbers."""
    messages = sorted([event for event in batch.events if isinstance(event, events.PeerSends)], key=lambda each: each.message)
    numbered = iter(messages)
    return Batch(tuple([next(numbered) if isinstance(each, events.PeerSends) else each for each in batch.events]), batch.turns)


def _standing(hearer: Hearer) -> Standing | None:
    trouble, hearer.trouble = hearer.trouble, ""
    what = trouble or hearer.doing
    return Standing(hearer.number, what) if what else None


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: Given) -> Iterator[ServiceRig]:
    """A rig over a new service, which is cleaned up at the end of the scope.

    Raises:
        AdapterError: it has no send_message() at all.
    """
    made = ServiceRig(adapter, driver, settings)
    with adapter.make("service_interface", driver, made.peer) as service:
        if not callable(getattr(service, "send_message", None)):
            raise AdapterError(f"{adapter.file}: service_interface() returned a {type(service).__name__} without send_message()")
        made.begin(service)
        yield made


def model(adapter: Adapter) -> ServiceModel:
    """The model for what an adapter offers and its driver can do."""
    with adapter.driver() as driver, rig(adapter, driver, Given()) as plain:
        return ServiceModel(_capabilities(plain))


def _capabilities(plain: ServiceRig) -> Capabilities:
    plain.perform(events.Register(0))
    plain.perform(events.Subscribe(0))
    plain.perform(events.Unregister(0))
    handler, reader = plain.hearers[0], plain.listeners[0]
    return Capabilities(
        cancels=plain.driver.can_cancel,
        handles=handler.registered or not isinstance(handler.refused, LACKING),
        unregisters=handler.left or (handler.registered and not isinstance(handler.refused, LACKING)),
        reads=not isinstance(reader.refused, LACKING),
        deadlines=_takes(plain, events.Send(0, "deadline"), "timeout"),
        keys=_takes(plain, events.Send(1, "keyed"), "idempotency_key"),
    )


def _takes(plain: ServiceRig, event: events.Send, name: str) -> bool:
    """Whether send_message() takes an argument."""
    if not accepts(plain.service.send_message, name):
        return False
    plain.do(event)
    caller = plain.callers[event.call]
    plain.driver.settle()
    plain.look()
    return caller.refused is None
