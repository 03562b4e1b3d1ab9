"""Does work, one piece for each request."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, delete, get, post
from litestar.exceptions import HTTPException

from patternproof.adapter import Adapter
from patternproof.binding.errors import Fault
from patternproof.binding.server import answer, decoded, failed, fault, refused
from patternproof.load import VERSION
from patternproof.load.real import Workshop
from patternproof.outcome import AdapterError, NotOffered, Unavailable
from patternproof.patterns import PATTERNS

Asked = Request[Any, Any, Any]


class Order(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Make an implementation of a pattern, and all that its work needs."""

    pattern: str
    instance: str


class Floor:
    """The instances at work.

    Args:
        adapter: makes them.
    """

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self._shop: Workshop | None = None
        self._there: dict[str, tuple[Any, ExitStack]] = {}

    async def make(self, order: Order) -> None:
        """Make one; of the same id there is none any more.

        Raises:
            Fault: it cannot be made; why.
        """
        if order.pattern not in PATTERNS or order.pattern not in self.adapter.offered:
            raise Fault(422, "unsupported", "not offered", f"{self.adapter.name} has no {order.pattern}", setting=order.pattern)
        await self.remove(order.instance)
        self._shop = self._shop or Workshop(self.adapter, asyncio.get_running_loop())
        stack = ExitStack()
        bench = PATTERNS[order.pattern].scenarios("load").Bench
        try:
            self._there[order.instance] = await asyncio.to_thread(bench, self._shop, stack), stack
        except NotOffered as error:
            raise Fault(422, "unsupported", "not supported", str(error), setting=str(error)) from error
        except Unavailable as error:
            raise Fault(503, "unavailable", "a server is missing", str(error)) from error
        except AdapterError as error:
            raise Fault(422, "adapter", "an error of the adapter", str(error)) from error

    async def remove(self, instance: str) -> None:
        """Let one go."""
        if instance in self._there:
            _, stack = self._there.pop(instance)
            await asyncio.to_thread(stack.close)

    async def work(self, instance: str, body: bytes) -> Any:
        """Have a piece of work done.

        Raises:
            Fault: there is no such instance, or no such work.
        """
        if instance not in self._there or self._shop is None:
            raise Fault(404, "unknown", "no such instance", f"there is no instance {instance!r}")
        bench, _ = self._there[instance]
        piece = decoded(bench.decoder, body)
        return await self._shop.do(lambda: bench.do(piece))

    async def end(self) -> None:
        """Let all go."""
        for instance in [*self._there]:
            await self.remove(instance)


def application(adapter: Adapter) -> Litestar:
    """The application for an adapter."""
    floor = Floor(adapter)
    order = msgspec.json.Decoder(Order)

    @get("/")
    async def describe() -> Response[bytes]:
        return answer({"work": VERSION, "name": adapter.name, "patterns": [*adapter.offered], "claims": sorted(adapter.claims)})

    @post("/instances", status_code=201)
    async def make(request: Asked) -> Response[bytes]:
        made = decoded(order, await request.body())
        await floor.make(made)
        return answer({"instance": made.instance}, 201)

    @delete("/instances/{instance:str}", status_code=200)
    async def remove(request: Asked) -> Response[bytes]:
        await floor.remove(request.path_params["instance"])
        return answer({})

    @post("/instances/{instance:str}/work", status_code=200)
    async def work(request: Asked) -> Response[bytes]:
        return answer(await floor.work(request.path_params["instance"], await request.body()))

    return Litestar(
        [describe, make, remove, work],
        openapi_config=None,
        logging_config=None,
        exception_handlers={Fault: fault, HTTPException: refused, Exception: failed},
        on_shutdown=[floor.end],
    )
