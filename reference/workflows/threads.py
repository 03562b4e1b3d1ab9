"""The workflows for threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Condition, Lock, Thread, current_thread
from typing import Any

from patternproof.ports.circuit_breaker import CircuitOpenError
from patternproof.ports.event_bus import Event, Overflowed, SubscriptionClosedError, Topic, UserAction
from patternproof.ports.service_interface import Message
from patternproof.ports.workflows import Command, CommandResponse

from .shell import HEARD, Messages, SystemClosedError, View, add, announced, changed, of_failure, of_rejection


class ThreadedCoreComponent:
    """As `CoreComponent`, for threads."""

    def __init__(self, service: Any, state: Any) -> None:
        self._service = service
        self._state = state
        self._messages = Messages()

    def open(self) -> None:
        """Handle messages from now on."""
        self._handler = self._service.register_handler(self._handle)

    def close(self) -> None:
        """Handle no more messages."""
        self._service.unregister_handler(self._handler)

    def _handle(self, message: Message) -> None:
        self._state.update(lambda data: add(data, message))

    def send_command(self, command: Command) -> CommandResponse:
        response = self._service.send_message(self._messages.of(command))
        return CommandResponse(command.name, response.body)


class ThreadedEar:
    """As `Ear`, for threads."""

    def __init__(self, bus: Any, topics: tuple[Topic, ...], hear: Callable[[Event], Any]) -> None:
        self._bus = bus
        self._topics = topics
        self._hear = hear
        self._subscriptions: list[Any] = []
        self._listening: list[Thread] = []

    def open(self) -> None:
        """Listen; what is published after this has returned is heard."""
        for topic in self._topics:
            if hasattr(self._bus, "handle"):
                self._subscriptions.append(self._bus.handle((topic,), self._hear))
            else:
                self._subscriptions.append(self._bus.subscribe(topic))
                self._listening.append(Thread(target=self._listen, args=(self._subscriptions[-1],), daemon=True))
                self._listening[-1].start()

    def _listen(self, subscription: Any) -> None:
        while True:
            try:
                event = subscription.receive()
            except SubscriptionClosedError:
                return
            except Overflowed:
                continue  # what is lost is lost; what comes is not
            self._hear(event)

    def close(self) -> None:
        """Listen no more; what was begun to be heard is heard to its end."""
        for subscription in self._subscriptions:
            subscription.unsubscribe()
        for listening in self._listening:
            if listening is not current_thread():
                listening.join()


class ThreadedUiComponent:
    """As `UiComponent`, for threads."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus
        self._lock = Lock()
        self._view = View()  # changed with the lock held only
        self._ear = ThreadedEar(bus, HEARD, self._hear)

    def open(self) -> None:
        """Listen from now on: not in a task of its own, which would begin later than whoever publishes next."""
        self._ear.open()

    def close(self) -> None:
        """Listen no more."""
        self._ear.close()

    def _hear(self, event: Event) -> None:
        with self._lock:
            self._view.take(event)

    def user_action(self, action: str, perform: Callable[[], Any]) -> Any:
        result = perform()
        with self._lock:
            self._view.actions += (action,)
        self._bus.publish(UserAction(action))
        return result

    @property
    def actions(self) -> tuple[str, ...]:
        return self._view.actions

    @property
    def context(self) -> str | None:
        return self._view.context

    @property
    def tools(self) -> Mapping[str, str]:
        return self._view.tools


class ThreadedGuardedClient:
    """As `GuardedClient`, for threads."""

    def __init__(self, pool: Any, breaker: Any, bus: Any) -> None:
        self._pool = pool
        self._breaker = breaker
        self._bus = bus

    def request(self, payload: Any) -> Any:
        try:
            return self._breaker.call(lambda: self._send(payload))
        except CircuitOpenError as error:
            raise of_rejection(error) from error
        except Exception as error:
            failure = of_failure(error)
            self._bus.publish(announced(failure))
            raise failure from error

    def _send(self, payload: Any) -> Any:
        with self._pool.acquire() as connection:
            return connection.request(payload)


class ThreadedLocalComponent:
    """As `LocalComponent`, for threads."""

    def __init__(self, name: str, replica: Any, bus: Any) -> None:
        self._name = name
        self._replica = replica
        self._bus = bus

    def change(self, key: str, value: Any) -> None:
        self._replica.write(key, value)
        self._bus.publish(changed(self._name, key, value))

    def synchronise(self) -> Any:
        return self._replica.sync()

    def snapshot(self) -> Any:
        return self._replica.snapshot()


class ThreadedPart:
    """As `Part`, for threads."""

    def __init__(self, begin: Callable[[], Any] | None, end: Callable[[], Any]) -> None:
        self._begin = begin
        self._end = end

    def initialize(self) -> None:
        if self._begin is not None:
            self._begin()

    def is_healthy(self) -> bool:
        return True

    def cleanup(self) -> None:
        self._end()


class ThreadedWorkingSystem:
    """As `WorkingSystem`, for threads."""

    def __init__(self, manager: Any, service: Any, bus: Any, pool: Any) -> None:
        self._manager = manager
        self._service = service
        self._pool = pool
        self._ear = ThreadedEar(bus, (Topic.USER,), self._hear)
        # Changed with the condition held only.
        self._working = 0
        self._closing = False
        self._done = Condition()

    def open(self) -> None:
        """Register the parts, each after what it works with, and so begin to work."""
        self._manager.register("pool", ThreadedPart(None, self._pool.close))
        self._manager.register("work", ThreadedPart(None, self._finish))
        self._manager.register("handler", ThreadedPart(self._begin_to_handle, self._end_handling))
        self._manager.register("subscription", ThreadedPart(self._ear.open, self._ear.close))

    def _begin_to_handle(self) -> None:
        self._handler = self._service.register_handler(self._handle)

    def _end_handling(self) -> None:
        self._service.unregister_handler(self._handler)

    def _finish(self) -> None:
        with self._done:
            self._closing = True
            self._done.wait_for(lambda: not self._working)

    def _handle(self, message: Message) -> None:
        self.run(message.body)

    def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            self.run(event.action)

    def run(self, job: Any) -> Any:
        with self._done:
            if self._closing:
                raise SystemClosedError("the system is shut down, or about to; make a new one")
            self._working += 1
        try:
            with self._pool.acquire() as connection:
                return connection.request(job)
        finally:
            with self._done:
                self._working -= 1
                self._done.notify_all()
