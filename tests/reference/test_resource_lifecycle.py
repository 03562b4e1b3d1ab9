"""The reference resource managers, their errors, and bad input."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from patternproof.reference.resource_lifecycle import ResourceManager, ThreadedResourceManager

from patternproof.drivers.simulated import Simulated
from patternproof.ports.resource_lifecycle import (
    CleanupError,
    DependencyCycleError,
    DuplicateResourceError,
    Health,
    InvalidResourceError,
    ManagerClosedError,
    ResourceLifecycleSettings,
    ResourceNotFoundError,
)


class Thing:
    """A resource that notes what is done to it."""

    def __init__(self, log: list[str], name: str, failing: str = "", healthy: bool = True) -> None:
        self.log, self.name, self.failing, self.healthy = log, name, failing, healthy

    async def does(self, what: str) -> None:
        self.log.append(f"{self.name} {what}")
        if self.failing == what:
            raise ValueError(f"{self.name} {what}")

    async def initialize(self) -> None:
        await self.does("initialize")

    async def cleanup(self) -> None:
        await self.does("cleanup")

    async def is_healthy(self) -> bool:
        await self.does("is_healthy")
        return self.healthy


class Endless(Thing):
    """A resource whose cleanup never ends."""

    async def cleanup(self) -> None:
        await super().cleanup()
        await asyncio.Event().wait()


class PlainThing:
    """A resource for threads."""

    def __init__(self, log: list[str], name: str, failing: str = "") -> None:
        self.log, self.name, self.failing = log, name, failing
        self.gate: threading.Event | None = None

    def does(self, what: str) -> None:
        self.log.append(f"{self.name} {what}")
        if self.failing == what:
            raise ValueError(f"{self.name} {what}")

    def initialize(self) -> None:
        if self.gate is not None:
            self.gate.wait()
        self.does("initialize")

    def cleanup(self) -> None:
        self.does("cleanup")

    def is_healthy(self) -> bool:
        self.does("is_healthy")
        return True


@pytest.fixture
def log() -> list[str]:
    return []


def test_a_resource_is_given_once_it_is_initialised(log: list[str]) -> None:
    async def use() -> None:
        manager, db = ResourceManager(), Thing(log, "db")
        await manager.register("db", db)
        assert await manager.get("db") is db
        await manager.cleanup_all()
        with pytest.raises(ResourceNotFoundError, match="'db'"):
            await manager.get("db")

    asyncio.run(use())
    assert log == ["db initialize", "db cleanup"]


def test_failures_of_cleanup_are_told_with_their_ids(log: list[str]) -> None:
    async def use() -> None:
        manager = ResourceManager()
        for name, failing in (("a", "cleanup"), ("b", ""), ("c", "cleanup")):
            await manager.register(name, Thing(log, name, failing))
        log.clear()
        with pytest.raises(CleanupError, match="'c', 'a'") as caught:
            await manager.cleanup_all()
        assert caught.value.ids == ("c", "a")
        assert [str(error) for error in caught.value.exceptions] == ["c cleanup", "a cleanup"]
        assert (
            caught.value.subgroup(lambda error: "a" in str(error.args[0]) and "c" not in str(error.args[0]).split()[0])
            is not None
        )

    asyncio.run(use())
    assert log == ["c cleanup", "b cleanup", "a cleanup"]


def test_part_of_the_failures_has_the_ids_of_that_part() -> None:
    first, second = ValueError("a"), KeyError("b")
    part = CleanupError({"a": first, "b": second}).subgroup(KeyError)
    assert isinstance(part, CleanupError)
    assert part.ids == ("b",)


def test_a_failure_to_clean_up_what_has_failed_is_noted_on_the_error(log: list[str]) -> None:
    class Hopeless(Thing):
        async def cleanup(self) -> None:
            raise KeyError("nor that")

    async def use() -> None:
        with pytest.raises(ValueError, match="db initialize") as caught:
            await ResourceManager().register("db", Hopeless(log, "db", "initialize"))
        assert caught.value.__notes__ == ["nor could 'db' be cleaned up: KeyError('nor that')"]

    asyncio.run(use())


@pytest.mark.parametrize("id", ["", 7, None, b"db"])
def test_an_id_that_is_no_text_or_empty_is_refused(log: list[str], id: Any) -> None:
    async def use() -> None:
        manager = ResourceManager()
        with pytest.raises(InvalidResourceError, match="an id is a text that is not empty"):
            await manager.register(id, Thing(log, "db"))
        assert repr(manager) == "<ResourceManager 0 registered, 0 under way>"

    asyncio.run(use())
    assert log == []


def test_a_resource_that_lacks_a_member_is_refused_by_its_name() -> None:
    class Half:
        async def initialize(self) -> None:
            raise AssertionError("nobody is to call this")

    async def use() -> None:
        manager = ResourceManager()
        with pytest.raises(InvalidResourceError, match=r"resource 'db' is a Half without is_healthy, cleanup\(\)"):
            await manager.register("db", Half())  # type: ignore[arg-type] # that is the point
        assert repr(manager) == "<ResourceManager 0 registered, 0 under way>"

    asyncio.run(use())


@pytest.mark.parametrize("name", ["initialize_timeout", "cleanup_timeout", "health_timeout"])
@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf"), True, "10"])
def test_a_limit_that_is_no_number_above_zero_is_refused_by_its_name(name: str, seconds: Any) -> None:
    for kind in (ResourceManager, ThreadedResourceManager):
        with pytest.raises(ValueError, match=f"{name} is .*above 0"):
            kind(ResourceLifecycleSettings(**{name: seconds}))


@pytest.mark.parametrize("count", [-1, 1.5, True])
def test_a_number_of_restarts_that_is_none_is_refused(count: Any) -> None:
    with pytest.raises(ValueError, match="restarts is"):
        ResourceManager(ResourceLifecycleSettings(restarts=count))


def test_a_circle_of_dependencies_is_refused_and_leaves_the_id_free(log: list[str]) -> None:
    async def use() -> None:
        manager = ResourceManager()
        with pytest.raises(DependencyCycleError, match="db -> db"):
            await manager.register("db", Thing(log, "db"), depends_on=["db"])
        await manager.register("db", Thing(log, "db"))

    asyncio.run(use())
    assert log == ["db initialize"]


def test_a_dependency_that_nobody_registers_is_named(log: list[str]) -> None:
    async def use() -> None:
        manager = ResourceManager()
        with pytest.raises(ResourceNotFoundError, match="'db'") as caught:
            await manager.register("session", Thing(log, "session"), depends_on=["db"])
        assert caught.value.id == "db"
        with pytest.raises(InvalidResourceError, match="depends_on of 'session' is a sequence of ids; seen: 'db'"):
            await manager.register("session", Thing(log, "session"), depends_on="db")

    asyncio.run(use())
    assert log == []


def test_a_cleanup_that_never_ends_is_given_up_and_told(log: list[str]) -> None:
    async def use() -> None:
        manager = ResourceManager(ResourceLifecycleSettings(cleanup_timeout=3.0))
        await manager.register("db", Thing(log, "db"))
        await manager.register("queue", Endless(log, "queue"))
        with pytest.raises(CleanupError) as caught:
            await manager.cleanup_all()
        assert str(caught.value.failures["queue"]) == "it took longer than 3 s to clean up 'queue'"

    with Simulated() as driver:
        pending = driver.start(use)
        driver.advance(4.0)
        assert pending.outcome is not None
    assert log[2:] == ["queue cleanup", "db cleanup"]


def test_a_timeout_of_the_resources_own_is_no_timeout_of_the_manager() -> None:
    class Slow(Thing):
        async def initialize(self) -> None:
            raise TimeoutError("of its own")

    async def use() -> None:
        manager = ResourceManager(ResourceLifecycleSettings(initialize_timeout=3.0))
        with pytest.raises(TimeoutError, match="of its own"):
            await manager.register("db", Slow([], "db"))

    asyncio.run(use())


def test_what_is_closed_takes_nothing_more(log: list[str]) -> None:
    async def use() -> None:
        async with ResourceManager() as manager:
            await manager.register("db", Thing(log, "db"))
            with pytest.raises(DuplicateResourceError, match="'db'"):
                await manager.register("db", Thing(log, "another"))
        with pytest.raises(ManagerClosedError, match="'db'"):
            await manager.register("db", Thing(log, "another"))

    asyncio.run(use())
    assert log == ["db initialize", "db cleanup"]


def test_a_cleanup_that_cleans_up_does_not_wait_for_itself(log: list[str]) -> None:
    class Eager(Thing):
        async def cleanup(self) -> None:
            await manager.cleanup_all()
            await super().cleanup()

    manager = ResourceManager()

    async def use() -> None:
        await manager.register("db", Eager(log, "db"))
        await manager.cleanup_all()

    asyncio.run(use())
    assert log == ["db initialize", "db cleanup"]


def test_a_cancellation_gets_through_a_cleanup_that_fails(log: list[str]) -> None:
    async def use() -> None:
        async with ResourceManager() as manager:
            await manager.register("db", Thing(log, "db", "cleanup"))
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(use())
    assert "could not clean up 'db'" in caught.value.__notes__[0]


def test_a_restarted_resource_keeps_its_place_in_the_order(log: list[str]) -> None:
    async def use() -> None:
        manager = ResourceManager(ResourceLifecycleSettings(restarts=1))
        for name in ("a", "b"):
            await manager.register(name, Thing(log, name, healthy=name == "b"))
        assert await manager.health() == {"a": Health.UNHEALTHY, "b": Health.HEALTHY}
        log.clear()
        await manager.cleanup_all()

    asyncio.run(use())
    assert log == ["b cleanup", "a cleanup"]


def test_what_cannot_be_initialised_again_is_registered_no_more(log: list[str]) -> None:
    async def use() -> None:
        manager = ResourceManager(ResourceLifecycleSettings(restarts=2))
        thing = Thing(log, "db", healthy=False)
        await manager.register("db", thing)
        thing.failing = "initialize"
        assert await manager.health() == {"db": Health.UNHEALTHY}
        assert await manager.health() == {}

    asyncio.run(use())
    assert log.count("db initialize") == 3


def test_threads_get_what_was_registered_and_clean_up_in_reverse(log: list[str]) -> None:
    with ThreadedResourceManager() as manager:
        for name in ("a", "b"):
            manager.register(name, PlainThing(log, name))
        assert manager.get("a").name == "a"
        assert manager.health() == {"a": Health.HEALTHY, "b": Health.HEALTHY}
        log.clear()
    assert log == ["b cleanup", "a cleanup"]
    assert repr(manager) == "<ThreadedResourceManager 0 registered, 0 under way, closed>"


def test_an_initialise_that_ends_too_late_is_cleaned_up_by_its_thread(log: list[str]) -> None:
    manager = ThreadedResourceManager(ResourceLifecycleSettings(initialize_timeout=0.01))
    thing = PlainThing(log, "db")
    thing.gate = threading.Event()
    with pytest.raises(TimeoutError, match=r"longer than 0.01 s to initialise 'db'"):
        manager.register("db", thing)
    assert log == []
    (worker,) = [each for each in threading.enumerate() if "to initialise 'db'" in each.name]
    thing.gate.set()
    worker.join()
    assert log == ["db initialize", "db cleanup"]
