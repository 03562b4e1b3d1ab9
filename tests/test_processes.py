"""What crosses to the second process, and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from patternproof import servers
from patternproof.adapter import Adapter, load
from patternproof.drivers import Cancelled, Driver, Operation, Raised, Returned
from patternproof.outcome import AdapterError, NotOffered, Unavailable
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError
from patternproof.processes import MadeThere, Neighbour, neighbour
from patternproof.servers.kinds import KINDS

ADAPTER = """
import asyncio, os
from patternproof import servers
from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitOpenError

RUNTIME = "live"

class Kept:
    def __init__(self, handler):
        self.handler, self.count = handler, 0

    async def tell(self, *arguments):
        self.count += 1
        return await self.handler(*arguments)

class Breaker:
    def __init__(self, name):
        self.name = name

    async def keep(self, prefix, handler):
        return Kept(handler)

    def plain(self, *arguments):
        return arguments

    @property
    def state(self):
        return lambda: os.getpid() if self.name == "unsendable" else None

    @property
    def process(self):
        return os.getpid()

    async def call(self, operation):
        match self.name:
            case "rejects":
                raise CircuitOpenError(7.0)
            case "dies":
                os._exit(3)
            case "own result":
                await operation()
                return "its own"
            case "times out":
                async with asyncio.timeout(0.01):
                    await operation()
        return await operation()

def circuit_breaker(settings):
    store = getattr(settings, "store", settings)
    match store:
        case "refuses":
            raise Unsupported("store")
        case "fails":
            raise ZeroDivisionError("of the factory")
        case "server":
            servers.redis_url()
    return Breaker(store)
"""


class OfTheDependency(Exception):
    """Raised by an operation."""


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Adapter:
    file = tmp_path_factory.mktemp("processes") / "adapter.py"
    file.write_text(ADAPTER, encoding="utf-8")
    return load(str(file))


@pytest.fixture(scope="module")
def house(adapter: Adapter) -> Iterator[Neighbour]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(servers, "environment", dict)  # as if none had been started yet
        patched.delenv(KINDS["redis"].variable, raising=False)
        made = Neighbour(adapter)
    yield made
    made.close()


@pytest.fixture
def driver(adapter: Adapter) -> Iterator[Driver]:
    with adapter.driver() as entered:
        yield entered


def settings(store: str) -> CircuitBreakerSettings:
    return CircuitBreakerSettings(store=store)


def called(house: Neighbour, driver: Driver, store: str, outcome: Any) -> tuple[Any, Operation]:
    """How a call over there has ended, whose operation ends so."""
    operation = Operation(driver, outcome)
    with house.make("circuit_breaker", settings(store)) as remote:
        pending = driver.begin(lambda: remote.call("call", operation.function))
        while pending.outcome is None:
            driver.settle()
    return pending.outcome, operation


def test_it_is_another_process(house: Neighbour, adapter: Adapter, driver: Driver) -> None:
    with house.make("circuit_breaker", settings("plain")) as remote, adapter.make("circuit_breaker", driver, settings("")) as own:
        assert remote.read("process") != own.process


def test_an_argument_can_be_made_over_there(house: Neighbour) -> None:
    with house.make("circuit_breaker", MadeThere(attrgetter("name"))) as remote:
        assert remote.read("name") == "live"


def test_the_very_result_of_an_operation_comes_back(house: Neighbour, driver: Driver) -> None:
    result = object()
    outcome, operation = called(house, driver, "plain", Returned(result))
    assert outcome.value is result
    assert operation.runs == 1


def test_the_very_error_of_an_operation_comes_back(house: Neighbour, driver: Driver) -> None:
    error = OfTheDependency("down")
    outcome, _ = called(house, driver, "plain", Raised(error))
    assert outcome.error is error


def test_a_result_of_the_implementations_own_is_told_from_it(house: Neighbour, driver: Driver) -> None:
    outcome, _ = called(house, driver, "own result", Returned("its own"))
    assert outcome == Returned("its own")


def test_a_rejection_keeps_its_hint(house: Neighbour, driver: Driver) -> None:
    outcome, operation = called(house, driver, "rejects", Returned())
    assert isinstance(outcome.error, CircuitOpenError)
    assert outcome.error.retry_after == 7.0
    assert operation.runs == 0


def test_a_call_is_cancelled_over_there_and_its_operation_here(house: Neighbour, driver: Driver) -> None:
    operation = Operation(driver)
    with house.make("circuit_breaker", settings("plain")) as remote:
        pending = driver.begin(lambda: remote.call("call", operation.function))
        while not operation.held:
            driver.settle()
        driver.cancel(pending)
        while pending.outcome is None or operation.held:
            driver.settle()
    assert isinstance(pending.outcome, Cancelled)


def test_what_a_call_returns_stays_over_there_and_may_run_its_operation_as_long(house: Neighbour, driver: Driver) -> None:
    heard: list[object] = []

    async def hear(*arguments: object) -> str:
        heard.append(arguments)
        return "heard"

    with house.make("circuit_breaker", settings("plain")) as remote:
        kept = driver.complete(lambda: remote.keep("keep", "prefix", hear))
        assert driver.complete(lambda: kept.call("tell", 1, "two")) == "heard"
        assert driver.complete(lambda: kept.call("tell")) == "heard"
        assert kept.read("count") == 2
        kept.let_go()
        left = driver.complete(lambda: remote.keep("keep", "prefix", hear))
    with pytest.raises(KeyError):
        left.read("count")
    assert heard == [(1, "two"), ()]


def test_a_plain_method_is_called_with_what_can_be_sent(house: Neighbour, driver: Driver) -> None:
    with house.make("circuit_breaker", settings("plain")) as remote:
        assert driver.complete(lambda: remote.call("plain", 1, ("two",), {"three": 3})) == (1, ("two",), {"three": 3})


def test_after_a_neighbour_was_killed_the_loop_takes_new_connections(adapter: Adapter, driver: Driver) -> None:
    async def answered() -> bytes:
        server = await asyncio.start_server(lambda _, writer: writer.write(b"answer"), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            return await reader.readexactly(6)
        finally:
            writer.close()
            server.close()

    mortal = Neighbour(adapter)
    with suppress(AdapterError), mortal.make("circuit_breaker", settings("plain")) as remote:
        driver.complete(lambda: remote.call("call", Operation(driver, Returned()).function))
        mortal.kill()
    assert mortal.ended
    assert driver.complete(answered) == b"answer"


def test_the_servers_of_an_example_are_known_over_there(house: Neighbour, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.of_its_own() as owned:
        monkeypatch.setattr(servers, "environment", lambda: {KINDS["redis"].variable: "redis://of-this-example"})
        with house.make("circuit_breaker", settings("server")):
            pass
        assert not owned.asked
    monkeypatch.setattr(servers, "environment", dict)
    with pytest.raises(Unavailable), house.make("circuit_breaker", settings("server")):
        pass


def test_an_operation_that_the_implementation_gives_up_ends_here_too(house: Neighbour, driver: Driver) -> None:
    operation = Operation(driver)
    with house.make("circuit_breaker", settings("times out")) as remote:
        pending = driver.begin(lambda: remote.call("call", operation.function))
        while pending.outcome is None or operation.held:
            driver.settle()
    assert isinstance(pending.outcome, Raised)
    assert isinstance(pending.outcome.error, TimeoutError)


def test_what_cannot_be_sent_is_shown(house: Neighbour) -> None:
    with house.make("circuit_breaker", settings("unsendable")) as remote:
        assert "function" in remote.read("state")


@pytest.mark.parametrize(
    ("store", "kind", "words"),
    [
        ("refuses", NotOffered, "store"),
        ("fails", AdapterError, "ZeroDivisionError: of the factory"),
        ("server", Unavailable, "first asked for in a second process"),
    ],
)
def test_a_factory_that_fails_over_there_fails_as_it_would_here(
    house: Neighbour, store: str, kind: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "environment", dict)
    with pytest.raises(kind, match=words), house.make("circuit_breaker", settings(store)):
        pass


def test_a_process_that_dies_is_an_error_and_no_hang(adapter: Adapter, driver: Driver) -> None:
    mortal = Neighbour(adapter)

    def used() -> None:
        with mortal.make("circuit_breaker", settings("dies")) as remote:
            driver.begin(lambda: remote.call("call", Operation(driver).function))
            while not mortal.ended:
                driver.settle()

    with pytest.raises(AdapterError, match="has ended"):
        used()
    assert mortal.ended
    mortal.close()


def test_an_adapter_that_cannot_be_loaded_there_says_so(adapter: Adapter, tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="gone"):
        Neighbour(Adapter(str(tmp_path / "gone.py"), "gone", adapter.module))


def test_there_is_none_where_time_is_virtual() -> None:
    assert (
        neighbour(load("patternproof.reference.adapters.in_memory"), load("patternproof.reference.adapters.in_memory").driver())
        is None
    )
