"""What a port asks of the objects that factories return."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Protocol

import pytest

from patternproof import members
from patternproof.drivers.direct import Direct
from patternproof.outcome import AdapterError


class Port(Protocol):
    """One member of each flavour."""

    limit = 1

    @property
    def state(self) -> str: ...

    async def call(self) -> None: ...

    def acquire(self) -> AbstractAsyncContextManager[None]: ...

    def reset(self) -> None: ...

    def _own(self) -> None: ...


class Awaited:
    """The two methods of a breaker, right or not."""

    state = "closed"

    async def call(self, operation: Any) -> Any: ...


class Plain(Awaited):
    def call(self, operation: Any) -> int:  # type: ignore[override]  # wrong on purpose
        return 1


class Given(Awaited):
    def call(self, operation: Any) -> Awaitable[int]:  # type: ignore[override]  # as right as an async one
        return operation()  # type: ignore[no-any-return]  # as above


def held_to(made: Any, pattern: str, runtime: str = "asyncio") -> None:
    members.require(made, pattern, Direct(), runtime, "adapter.py")


def test_each_member_has_a_flavour_and_private_ones_have_none() -> None:
    methods = {name: value for name, value in vars(Port).items() if name in ("state", "call", "acquire", "reset", "_own")}
    flavours = members.flavours(type("Only", (), methods))
    flavours = {name: flavour for name, flavour in flavours.items() if name in methods}
    assert flavours == {"state": "value", "call": "awaited", "acquire": "scope", "reset": "plain"}


@pytest.mark.parametrize("made", [Awaited(), Given()])
def test_what_can_be_awaited_is_right(made: Any) -> None:
    held_to(made, "circuit_breaker")


@pytest.mark.parametrize(
    ("made", "runtime", "told"),
    [
        (None, "asyncio", r"circuit_breaker\(\) returned None; return \(or yield\) the object"),
        (nullcontext(), "asyncio", "returned a nullcontext without '.+'; expected .+ of that name, seen: enter_result"),
        (Plain(), "asyncio", "expected call to be an async method, seen a plain method; make it async, or set RUNTIME"),
        (Awaited(), "threads", "expected call to be a plain method, seen an async method; make it plain, or set RUNTIME"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(made: Any, runtime: str, told: str) -> None:
    with pytest.raises(AdapterError, match=f"^adapter.py: .*{told}"):
        held_to(made, "circuit_breaker", runtime)


def test_whether_a_service_has_its_members_is_left_to_a_requirement() -> None:
    assert set(members.required("service_interface").values()) == {"awaited"}
    held_to(nullcontext(), "service_interface")
    with pytest.raises(AdapterError, match="returned None"):
        held_to(None, "service_interface")
