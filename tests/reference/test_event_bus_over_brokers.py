"""The event bus over real brokers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
import redis
from patternproof.reference.event_bus.broker_errors import (
    BrokerAddressError,
    BrokerProtocolError,
    BrokerUnreachableError,
)
from patternproof.reference.event_bus.logged import LoggedEventBus
from patternproof.reference.event_bus.over_nats import NatsLog
from patternproof.reference.event_bus.over_redis import RedisLog

from patternproof import servers
from patternproof.ports.event_bus import (
    BusClosedError,
    EventBusSettings,
    EventTooLargeError,
    StateChanged,
    SubscriptionClosedError,
    Topic,
    UnknownEventError,
    UnknownTopicError,
    WireError,
)
from patternproof.servers import Server

LOGS: dict[str, Any] = {"nats": NatsLog, "redis": RedisLog}
ADDRESS: dict[str, Callable[[], str]] = {"nats": servers.nats_url, "redis": servers.redis_url}
DROPS = EventBusSettings(overflow="drop_oldest")

on_both = pytest.mark.parametrize("name", LOGS)


def event(number: int) -> StateChanged:
    return StateChanged(f"event {number}", {"number": number})


@asynccontextmanager
async def buses(name: str, count: int, url: str = "", namespace: str = "") -> AsyncIterator[list[LoggedEventBus]]:
    """Buses of one namespace, as in several processes."""
    namespace, url = namespace or uuid4().hex, url or ADDRESS[name]()
    made = [LoggedEventBus(LOGS[name](url, namespace), DROPS) for _ in range(count)]
    try:
        yield made
    finally:
        for each in made:
            await each.close()


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


@pytest.fixture(params=LOGS)
def own(request: pytest.FixtureRequest) -> Iterator[tuple[str, Server]]:
    """A broker that can be restarted."""
    with servers.restartable(request.param) as server:
        yield request.param, server


async def in_a_thread(command: Callable[[], None]) -> None:
    """Stop or start a server while the loop goes on."""
    await asyncio.to_thread(command)


@on_both
@pytest.mark.parametrize("url", ["", "http://localhost:1", "nats", "nats://", "redis://localhost:none", "postgresql://localhost"])
def test_an_address_of_something_else_is_refused_with_one_that_is_right(name: str, url: str) -> None:
    with pytest.raises(BrokerAddressError, match=f"such as {name}://localhost"):
        LOGS[name](url, "namespace")


@on_both
@pytest.mark.parametrize("namespace", ["", "a.b", "a b", "*", "a" * 121])
def test_a_name_that_no_broker_takes_is_refused(name: str, namespace: str) -> None:
    with pytest.raises(ValueError, match="letters, digits, hyphens and underscores"):
        LOGS[name](f"{name}://localhost", namespace)


@on_both
def test_where_nobody_listens_the_first_call_fails_at_once(name: str) -> None:
    async def main() -> None:
        async with buses(name, 1, f"{name}://127.0.0.1:1") as (bus,):
            with pytest.raises(BrokerUnreachableError, match=f"nobody answers at {name}://127.0.0.1"):
                await bus.publish(event(1))

    run(main)


@on_both
def test_a_server_that_speaks_another_protocol_is_told_from_none(name: str) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready for mail\r\n")
        await reader.read()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, buses(name, 1, f"{name}://127.0.0.1:{port}") as (bus,):
            with pytest.raises(BrokerProtocolError):
                await bus.subscribe(Topic.STATE)

    run(main)


def test_an_event_is_refused_that_is_larger_than_nats_takes() -> None:
    async def main() -> None:
        async with buses("nats", 1) as (bus,):
            with pytest.raises(EventTooLargeError, match="the server takes 1048576 at most"):
                await bus.publish(StateChanged("large", {"text": "a" * 2**20}))
            await bus.publish(event(1))

    run(main)


def test_an_event_is_refused_that_is_larger_than_redis_takes() -> None:
    async def main(url: str) -> None:
        async with buses("redis", 1, url) as (bus,):
            with pytest.raises(EventTooLargeError, match="the server takes 1048576 at most"):
                await bus.publish(StateChanged("large", {"text": "a" * 2**20}))
            await bus.publish(event(1))

    with servers.restartable("redis") as server:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("proto-max-bulk-len", 2**20)
        run(lambda: main(server.url))


@on_both
def test_what_is_no_event_or_no_topic_is_refused_before_the_broker_is_asked(name: str) -> None:
    async def main() -> None:
        async with buses(name, 1, f"{name}://127.0.0.1:1") as (bus,):
            with pytest.raises(UnknownEventError):
                await bus.publish("text")  # type: ignore[arg-type]  # what is refused
            with pytest.raises(UnknownTopicError):
                await bus.subscribe("nothing")  # type: ignore[arg-type]  # as above
            with pytest.raises(UnknownTopicError):
                await bus.resume("name")

    run(main)


def test_publishers_are_not_held_up() -> None:
    with pytest.raises(ValueError, match="overflow must not be 'block'"):
        LoggedEventBus(NatsLog("nats://localhost", "name"), EventBusSettings())


@on_both
def test_what_a_newer_publisher_says_is_reported_and_passed_over(name: str) -> None:
    async def main() -> None:
        namespace, reported = uuid4().hex, []
        async with buses(name, 1, namespace=namespace) as (bus,):
            bus.add_error_listener(reported.append)
            subscription, durable = await bus.subscribe(Topic.STATE), await bus.resume("name", Topic.STATE)
            log = LOGS[name](ADDRESS[name](), namespace)
            await log.append(Topic.STATE, b'{"topic":"of the future"}')
            await log.close()
            await bus.publish(event(1))
            assert await subscription.receive() == (await durable.receive()).event == event(1)
            assert [type(error) for error in reported] == [WireError, WireError]

    run(main)


@on_both
def test_all_buses_of_a_namespace_hear_the_same_in_one_order(name: str) -> None:
    async def main() -> None:
        async with buses(name, 2) as (one, other):
            subscriptions = [await bus.subscribe(Topic.STATE) for bus in (one, other)]
            await asyncio.gather(*(bus.publish(event(number)) for number in range(5) for bus in (one, other)))
            heard = [[await each.receive() for _ in range(10)] for each in subscriptions]
            assert heard[0] == heard[1]

    run(main)


@on_both
def test_an_entry_that_is_appended_again_is_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with buses(name, 1) as (bus,):
            subscription = await bus.subscribe(Topic.STATE)
            log: Any = bus._log
            once: Callable[[Any], Awaitable[Any]] = log._asking.answered

            async def twice(question: Callable[[], Awaitable[Any]]) -> Any:
                await once(question)
                return await once(question)

            monkeypatch.setattr(log._asking, "answered", twice)
            await bus.publish(event(1))
            await bus.publish(event(2))
            assert [await subscription.receive() for _ in range(2)] == [event(1), event(2)]

    run(main)


def test_a_restart_is_survived_by_who_publishes_who_listens_and_who_is_durable(own: tuple[str, Server]) -> None:
    async def main(name: str, server: Server) -> None:
        async with buses(name, 2, server.url) as (one, other):
            subscription, durable = await one.subscribe(Topic.STATE), await one.resume("name", Topic.STATE)
            await other.publish(event(1))
            first = await durable.receive()
            await in_a_thread(server.stop)
            publishing = asyncio.create_task(other.publish(event(2)))
            await in_a_thread(server.start)
            await publishing
            await durable.acknowledge(first)
            assert [await subscription.receive() for _ in range(2)] == [event(1), event(2)]
            assert (await durable.receive()).event == event(2)

    run(lambda: main(*own))


def test_publishing_gives_up_where_the_broker_stays_away(own: tuple[str, Server]) -> None:
    async def main(name: str, server: Server) -> None:
        log = LOGS[name](server.url, "name", patience=0.1)
        await log.append(Topic.STATE, b"{}")
        await in_a_thread(server.stop)
        with pytest.raises(BrokerUnreachableError):
            await log.append(Topic.STATE, b"{}")
        await log.close()

    run(lambda: main(*own))


@on_both
def test_what_is_not_acknowledged_comes_again_under_one_id(name: str) -> None:
    async def main() -> None:
        async with buses(name, 2) as (one, other):
            durable = await one.resume("name", Topic.STATE)
            for number in (1, 2, 3):
                await other.publish(event(number))
            given = [await durable.receive() for _ in range(2)]
            await durable.acknowledge(given[0])
            await durable.leave()
            durable = await other.resume("name", Topic.STATE)
            again = [await durable.receive() for _ in range(2)]
            assert sorted(each.event.data["number"] for each in again) == [2, 3]
            assert given[1] in again
            with pytest.raises(LookupError, match="was not given since"):
                await durable.acknowledge(given[0])

    run(main)


@on_both
def test_a_receive_that_is_cancelled_leaves_its_event_to_the_next(name: str) -> None:
    async def main() -> None:
        async with buses(name, 1) as (bus,):
            durable = await bus.resume("name", Topic.STATE)
            waiting = asyncio.create_task(durable.receive())
            await asyncio.sleep(0)
            waiting.cancel()
            await bus.publish(event(1))
            assert (await durable.receive()).event == event(1)

    run(main)


@on_both
def test_a_closed_bus_tells_so_and_does_not_connect_again(name: str) -> None:
    async def main() -> None:
        async with buses(name, 1) as (bus,):
            durable = await bus.resume("name", Topic.STATE)
            await bus.close()
            await bus.close()
            for call in (bus.publish(event(1)), bus.subscribe(Topic.STATE), bus.resume("name", Topic.STATE)):
                with pytest.raises(BusClosedError):
                    await call
            with pytest.raises(SubscriptionClosedError):
                await durable.receive()

    run(main)
