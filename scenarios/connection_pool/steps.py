"""The steps of features about connection pools.

Connecting succeeds at once until a step says otherwise. A feature that speaks of rows needs the claim ``transactional``:
``await handle.request(sql)`` executes the statement on a real database, and gives its rows as a sequence of sequences.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import premise
from patternproof.time_steps import Clock

from .events import (
    EVENTS,
    Break,
    ConnectEnds,
    Connecting,
    HoldResets,
    LeaveWithError,
    Request,
    Return,
    ReturnTwice,
    SetState,
    UseAfterReturn,
)
from .scene import Scene
from .words import meaning, names_of, settings_of

text = parsers.parse
AT_ONCE = {"succeeds": "ok", "fails": "error"}


@pytest.fixture
def pool(patternproof_adapter: Adapter, driver: Driver, requirement: str, clock: Clock) -> Iterator[Scene]:
    """The connection pool of an example, its borrowers, and what was seen of them."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        clock.follow(scene, EVENTS)
        yield scene


# Given: the situation. An example whose situation is not reached is reported as not exercised, never as failed.


@given(text("a pool of at most {count:d} connection"))
@given(text("a pool of at most {count:d} connections"))
def make_plain_pool(pool: Scene, count: int) -> None:
    pool.make(settings_of(count, ""))


@given(text("a pool of at most {count:d} connection that {abilities}"))
@given(text("a pool of at most {count:d} connections that {abilities}"))
def make_pool(pool: Scene, count: int, abilities: str) -> None:
    pool.make(settings_of(count, abilities))


@given("connecting takes a while")
def connecting_takes_a_while(pool: Scene) -> None:
    pool.perform(Connecting("held"))


@given("resetting takes a while")
def resetting_takes_a_while(pool: Scene) -> None:
    pool.perform(HoldResets())


@given("the dependency refuses connections")
@when("the dependency refuses connections")
def connecting_fails_at_once(pool: Scene) -> None:
    pool.perform(Connecting("error"))


@when("the dependency accepts connections again")
def connecting_succeeds_at_once(pool: Scene) -> None:
    pool.perform(Connecting("ok"))


@given(text("borrower {name:w} holds a connection"))
def borrower_has_connection(pool: Scene, name: str) -> None:
    pool.hold(name)


@given(text("borrowers {names} hold a connection each"))
def borrowers_have_connections(pool: Scene, names: str) -> None:
    pool.hold(*names_of(names))


@given(text("borrower {name:w} is waiting"))
def borrower_is_waiting(pool: Scene, name: str) -> None:
    pool.wait(name)


@given(text("borrowers {names} are waiting"))
def borrowers_are_waiting(pool: Scene, names: str) -> None:
    pool.wait(*names_of(names))


@given(text("borrower {name:w} is connecting"))
def borrower_is_connecting(pool: Scene, name: str) -> None:
    pool.wait(name)
    pool.reach(pool.seen.attempts, "a connect under way", pool.seen)


@given(text("borrower {name:w} has returned its connection"))
def borrower_has_returned(pool: Scene, name: str) -> None:
    pool.hold(name)
    borrower_returns(pool, name)


@given(text("borrower {name:w} has failed"))
def borrower_has_failed(pool: Scene, name: str) -> None:
    pool.hold(name)
    borrower_fails(pool, name)


@given(text("borrower {name:w} has begun a transaction"))
@when(text("borrower {name:w} begins a transaction"))
def begin_transaction(pool: Scene, name: str) -> None:
    pool.tell(name, SetState(pool.number(name)))


@given(text("borrower {name:w} has sent a request"))
@when(text("borrower {name:w} sends a request"))
def send_request(pool: Scene, name: str) -> None:
    pool.tell(name, Request(pool.number(name)))


# When: what happens.


@when(text("borrower {name:w} acquires"))
def borrower_comes(pool: Scene, name: str) -> None:
    pool.begin(name)


@when(text("borrowers {names} acquire"))
def borrowers_come(pool: Scene, names: str) -> None:
    pool.begin(*names_of(names))


@when(text("borrower {name:w} returns its connection"))
def borrower_returns(pool: Scene, name: str) -> None:
    pool.tell(name, Return(pool.number(name)))


@when(text("borrower {name:w} fails"))
def borrower_fails(pool: Scene, name: str) -> None:
    pool.tell(name, LeaveWithError(pool.number(name)))


@when(text("borrower {name:w} is cancelled"))
def borrower_is_cancelled(pool: Scene, name: str) -> None:
    pool.perform(pool.cancellation(name))


@when(text("borrower {name:w} returns its connection at the moment at which borrower {other:w} acquires"))
def return_meets_newcomer(pool: Scene, name: str, other: str) -> None:
    pool.require_holding(name)
    pool.begin(other, along=[Return(pool.number(name))])


@when(text("borrower {name:w} returns its connection at the moment at which borrower {other:w} is cancelled"))
def return_meets_cancellation(pool: Scene, name: str, other: str) -> None:
    pool.require_holding(name)
    pool.perform(Return(pool.number(name)), pool.cancellation(other))


@when(text("borrower {name:w} returns its connection at the moment at which the pool is closed"))
def return_meets_close(pool: Scene, name: str) -> None:
    pool.require_holding(name)
    pool.close_pool(Return(pool.number(name)))


@when(text("borrower {name:w} returns its connection a second time"))
def borrower_returns_twice(pool: Scene, name: str) -> None:
    premise(pool.borrower(name).phase == "returned", f"borrower {name} has not returned: {pool.borrower(name)}")
    pool.perform(ReturnTwice(pool.number(name)))


@when(text("borrower {name:w} uses its handle again"))
def borrower_uses_handle_again(pool: Scene, name: str) -> None:
    premise(pool.borrower(name).phase == "returned", f"borrower {name} has not returned: {pool.borrower(name)}")
    pool.perform(UseAfterReturn(pool.number(name)))


@when(text("the connection of borrower {name:w} breaks"))
def connection_of_borrower_breaks(pool: Scene, name: str) -> None:
    premise(pool.borrower(name).connection, f"borrower {name} has had no connection")
    pool.perform(Break(pool.borrower(name).connection))


@when(text("the connect under way {how}"))
def connect_under_way_ends(pool: Scene, how: str) -> None:
    premise(pool.seen.attempts, "no connect is under way")
    pool.perform(ConnectEnds(0, meaning(how, AT_ONCE, "way for a connect to end")))


@given("the pool is closed")
@when("the pool is closed")
def close_the_pool(pool: Scene) -> None:
    pool.close_pool()


# Then: what must be seen.


@then(text("borrower {name:w} holds a connection"))
def borrower_holds(pool: Scene, name: str) -> None:
    is_now(pool, name, "holding", "holds a connection")


@then(text("borrower {name:w} waits"))
def borrower_waits(pool: Scene, name: str) -> None:
    is_now(pool, name, "waiting", "waits")


@then(text("borrower {name:w} gets a pool-timeout error"))
def borrower_gives_up(pool: Scene, name: str) -> None:
    is_now(pool, name, "timed out", "gets a pool-timeout error")


@then(text("borrower {name:w} is told that the pool is closed"))
def borrower_is_refused(pool: Scene, name: str) -> None:
    is_now(pool, name, "refused", "is told that the pool is closed")


@then(text("borrower {name:w} gets the error of connecting"))
def borrower_gets_error(pool: Scene, name: str) -> None:
    premise(pool.borrower(name).phase != "holding", f"borrower {name} got a connection that was made before")
    is_now(pool, name, "failed", "gets the error of connecting")


def is_now(pool: Scene, name: str, phase: str, words: str) -> None:
    is_so = pool.comes(lambda: pool.borrower(name).phase == phase)
    pool.expect(is_so, f"that borrower {name} {words}", pool.borrower(name))


@then(text("borrower {name:w} holds a connection in the end"))
def borrower_holds_in_the_end(pool: Scene, name: str) -> None:
    pool.let_all_go()
    borrower_holds(pool, name)


@then(text("borrower {name:w} holds a connection that works"))
def borrower_holds_live_connection(pool: Scene, name: str) -> None:
    borrower_holds(pool, name)
    borrower = pool.borrower(name)
    pool.expect(not borrower.found, f"that the connection of borrower {name} works", borrower)
    pool.expect(borrower.connection in pool.seen.open, f"that the connection of borrower {name} is open", pool.seen)


@then(text("borrower {name:w} holds a connection that was there before"))
def borrower_holds_older_connection(pool: Scene, name: str) -> None:
    borrower_holds(pool, name)
    borrower = pool.borrower(name)
    pool.expect(0 < borrower.connection <= pool.before, f"one of the {pool.before} connections made before", borrower)


@then(text("borrower {name:w} holds another connection than borrower {other:w} had"))
def borrower_holds_another_connection(pool: Scene, name: str, other: str) -> None:
    borrower_holds(pool, name)
    borrower, former = pool.borrower(name), pool.borrower(other).connection
    pool.expect(borrower.connection != former, f"another connection than {former}", borrower)


@then(text("borrower {name:w} finds nothing left in its connection"))
def borrower_finds_nothing(pool: Scene, name: str) -> None:
    borrower = pool.borrower(name)
    premise(borrower.phase == "holding", f"borrower {name} holds no connection: {borrower}")
    pool.expect(not borrower.found, f"nothing of an earlier borrower in the connection of {name}", borrower)


@then(text("exactly {count:d} borrower holds a connection"))
@then(text("exactly {count:d} borrowers hold a connection"))
def borrowers_hold_exactly(pool: Scene, count: int) -> None:
    holding = pool.in_phase("holding")
    pool.expect(len(holding) == count, f"{count} borrowers to hold a connection", "; ".join(map(str, holding)) or "none does")


@then("no connection is held twice")
def none_is_held_twice(pool: Scene) -> None:
    numbers = [borrower.connection for borrower in pool.in_phase("holding")]
    premise(numbers, "no borrower holds a connection")
    seen = "; ".join([*map(str, pool.in_phase("holding")), *pool.misuse()])
    pool.expect(len(numbers) == len(set(numbers)) and not pool.misuse(), "no connection held by two borrowers", seen)


@then(text("at most {count:d} connection exists"))
@then(text("at most {count:d} connections exist"))
def exist_at_most(pool: Scene, count: int) -> None:
    number = len(pool.seen.open) + pool.seen.attempts
    premise(number, "no connection exists")
    pool.expect(number <= count, f"at most {count} connections, those being made included", pool.seen)


@then(text("at least {count:d} connection is ready"))
@then(text("at least {count:d} connections are ready"))
def ready_at_least(pool: Scene, count: int) -> None:
    pool.let_all_go()
    idle = len(pool.seen.open) - len({borrower.connection for borrower in pool.in_phase("holding")} & set(pool.seen.open))
    pool.expect(idle >= count, f"at least {count} idle connections", pool.seen)


@then("no connection is open")
def none_is_open(pool: Scene) -> None:
    pool.expect(pool.comes(lambda: not pool.seen.open), "no connection to be open", pool.seen)


@then("no connection is open once everybody has left")
def none_is_open_in_the_end(pool: Scene) -> None:
    pool.let_all_leave()
    none_is_open(pool)


@then("nobody waits in the end")
def nobody_waits(pool: Scene) -> None:
    pool.let_all_go()
    waiting = pool.in_phase("waiting")
    while waiting and pool.in_phase("holding"):
        pool.let_all_leave()
        waiting = pool.in_phase("waiting")
    pool.expect(not waiting, "nobody to wait", "; ".join(map(str, waiting)))


@then("closing is over")
def closing_is_over(pool: Scene) -> None:
    pool.expect(pool.comes(lambda: pool.seen.closing == "over"), "close() to have ended", pool.seen)


@then("that use is an error")
def late_use_is_refused(pool: Scene) -> None:
    pool.expect(pool.late_use() == "was refused", "an error", f"the use after return {pool.late_use()}")


@then(text("that use does not reach the connection of borrower {name:w}"))
def late_use_misses(pool: Scene, name: str) -> None:
    use = pool.late_use()
    reached = use == f"reached connection {pool.borrower(name).connection}"
    pool.expect(not reached, f"not to reach the connection of borrower {name}", f"the use after return {use}")


@then(text("the statistics read: size {size:d}, idle {idle:d}, in use {in_use:d}, waiting {waiting:d}"))
def statistics_read(pool: Scene, size: int, idle: int, in_use: int, waiting: int) -> None:
    counts = pool.counts()
    pool.expect(counts == (size, idle, in_use, waiting), f"size {size}, idle {idle}, in use {in_use}, waiting {waiting}", counts)


# Rows of a real database.


@given("a table without rows")
def make_table(pool: Scene) -> None:
    pool.require_claim("transactional")
    pool.make_table()


@given(text("borrower {name:w} has inserted a row without committing"))
def insert_row(pool: Scene, name: str) -> None:
    pool.execute(name, "begin", f"insert into {pool.table} values (1)")


@then(text("borrower {name:w} sees {count:d} rows"))
def rows_seen(pool: Scene, name: str, count: int) -> None:
    borrower_holds(pool, name)
    rows = pool.execute(name, f"select count(*) from {pool.table}")
    pool.expect(rows == count, f"{count} rows", f"{rows} rows")
