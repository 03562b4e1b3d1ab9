"""What the kit says of real libraries.

Each of these failures was judged by hand in the library's source. A verdict that changes is a new release of the library, or a
mistake of the kit; either is worth a look.
"""

from __future__ import annotations

import pytest

from tests.proof import held_against

pytestmark = pytest.mark.proof

FAILED = {
    "aiobreaker": "CB-02 CB-07 CB-10 CB-13 CB-18 CB-19",
    "circuitbreaker": "CB-07 CB-10 CB-12 CB-19",
    "circuitbreaker_threads": "CB-04 CB-07 CB-10 CB-19",
    "purgatory": "CB-07 CB-10 CB-12 CB-13 CB-16 CB-18 CB-19",
    "pybreaker": "CB-13 CB-16 CB-18 CB-19 CB-21",
    "asyncio_connection_pool": "CP-07 CP-08 CP-10 CP-11 CP-15",
    "asyncpg_simulated": "CP-13 CP-15",
    "psycopg_pool_simulated": "CP-08 CP-11 CP-13 CP-16",
    "fastapi_problem": "EP-10",
    "fastapi_problem_details": "EP-10",
    "litestar": "",
    "sqlalchemy": "CP-06 CP-08 CP-15 CP-16",
    "aiopubsub": "EB-13 EB-15",
    "blinker": "EB-07",
    "broadcaster": "EB-06 EB-13 EB-14",
    "bubus": "EB-06 EB-07 EB-13 EB-14 EB-15",
    "pyee": "EB-04",
    "pypubsub": "EB-07 EB-10",
    "reaktiv": "",
    "sqlitedict": "SS-03",
    "dependency_injector": "RL-01 RL-02 RL-04 RL-06 RL-07 RL-08 RL-09 RL-10 RL-11",
    "exit_stack": "RL-07 RL-08 RL-09",
    "exit_stack_threads": "RL-07 RL-08 RL-09",
    "svcs": "RL-01 RL-02 RL-04 RL-05 RL-07 RL-08 RL-11 RL-13",
}
"""By adapter, the requirements that the library breaks."""
MORE = {"asyncio_connection_pool": "CP-14", "circuitbreaker": "CB-08", "svcs": "RL-09"}
"""What the standard profile finds besides: a connection that is lost as its borrower is cancelled a turn after the connect, a
cancelled probe that counts as a success, a registration that outlives the cleanup which it met."""


@pytest.mark.parametrize("name", FAILED)
def test_it_breaks_this_and_nothing_else(name: str) -> None:
    proof = held_against(f"patternproof.adapters.{name}")
    assert not proof.errors()
    assert " ".join(sorted(proof.failed())) == FAILED[name]
