"""The application that serves a world over HTTP."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, delete, get, post
from litestar.exceptions import HTTPException

from patternproof.adapter import Adapter
from patternproof.binding import VERSION
from patternproof.binding.errors import Fault
from patternproof.binding.messages import CALL, MAKE, PATTERNS, Answer, Description, Move, Problem, Release
from patternproof.binding.world import World
from patternproof.drivers.nested import beside_running_loop

PROBLEM = "application/problem+json"
MOST_BYTES = 1_000_000
"""Of a request's body."""
LONGEST_IDLE = 300.0
"""Real seconds without a request after which the instances are deleted: whoever made them is gone."""

_encode = msgspec.json.Encoder().encode
_make = msgspec.json.Decoder(MAKE)
_call = msgspec.json.Decoder(CALL)
_release = msgspec.json.Decoder(Release)
_move = msgspec.json.Decoder(Move)
Asked = Request[Any, Any, Any]


def application(adapter: Adapter) -> Litestar:
    """The application for an adapter; one for each, since there is one clock."""
    served = Served(World(adapter))

    @get("/")
    async def describe() -> Response[bytes]:
        return answer(served.description())

    @post("/instances", status_code=201)
    async def make(request: Asked) -> Response[bytes]:
        message = decoded(_make, await request.body())
        with served.running(request) as settle:
            made = served.world.make(message)
            return answer(msgspec.structs.replace(made, events=served.world.events(settle)), 201)

    @delete("/instances/{instance:str}", status_code=200)
    async def remove(request: Asked) -> Response[bytes]:
        return served.do(request, lambda world: world.remove(request.path_params["instance"]))

    @post("/instances/{instance:str}/calls", status_code=201)
    async def begin(request: Asked) -> Response[bytes]:
        message = decoded(_call, await request.body())
        return served.do(request, lambda world: world.begin(request.path_params["instance"], message), 201)

    @get("/calls/{call:str}")
    async def look(request: Asked) -> Response[bytes]:
        return answer(served.world.call(request.path_params["call"]))

    @delete("/calls/{call:str}", status_code=200)
    async def cancel(request: Asked) -> Response[bytes]:
        return served.do(request, lambda world: world.cancel(request.path_params["call"]))

    @post("/operations/{operation:str}", status_code=200)
    async def release(request: Asked) -> Response[bytes]:
        message = decoded(_release, await request.body())
        return served.do(request, lambda world: world.release(request.path_params["operation"], message))

    @post("/clock", status_code=200)
    async def clock(request: Asked) -> Response[bytes]:
        message = decoded(_move, await request.body())
        return served.do(request, lambda world: world.move(message))

    return Litestar(
        [describe, make, remove, begin, look, cancel, release, clock],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MOST_BYTES,
        exception_handlers={Fault: fault, HTTPException: refused, Exception: failed},
        on_shutdown=[served.end],
    )


class Served:
    """A world, asked by one request at a time.

    Args:
        world: what is served.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._able = world.adapter.driver()
        """Never entered: it only says what its like can do."""
        self._idle: asyncio.TimerHandle | None = None

    def description(self) -> Description:
        """What the server is."""
        adapter, driver = self.world.adapter, self._able
        return Description(
            binding=VERSION,
            name=adapter.name,
            patterns=[stem for stem in adapter.offered if stem in PATTERNS],
            claims=sorted(adapter.claims),
            known_failures=dict(adapter.known_failures),
            runtime=f"{platform.python_implementation()} {platform.python_version()}, {adapter.runtime}",
            versions=adapter.versions(),
            clock="real" if adapter.runtime == "live" else "virtual",
            cancels=driver.can_cancel,
            turns=driver.has_turns,
            wall_clock=driver.moves_clocks,
            scale=driver.scale,
            instances=[*self.world.instances],
        )

    def do(self, request: Asked, deed: Callable[[World], Any], status: int = 200) -> Response[bytes]:
        """Do something, and answer with what has happened."""
        with self.running(request) as settle:
            left = deed(self.world) or msgspec.UNSET
            return answer(Answer(events=self.world.events(settle), left=left), status)

    @contextmanager
    def running(self, request: Asked) -> Iterator[bool]:
        """A scope in which the driver's loop runs in place of the server's; gives whether to settle."""
        settle = request.query_params.get("settle", "false")
        if settle not in ("true", "false"):
            raise Fault(400, "query", "no such value", f"expected settle=true or settle=false, seen {settle[:40]!r}")
        loop = asyncio.get_running_loop()
        if self._idle is not None:
            self._idle.cancel()
        try:
            with beside_running_loop():
                yield settle == "true"
        finally:
            self._idle = loop.call_later(LONGEST_IDLE, self.end)

    def end(self) -> None:
        """Delete all instances."""
        if self._idle is not None:
            self._idle.cancel()
        with beside_running_loop():
            self.world.end()


def decoded(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """A message.

    Raises:
        Fault: the body is no JSON, or none that fits; where, and what was expected.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Fault(422, "invalid", "not a message of the binding", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Fault(400, "malformed", "no JSON", str(error)) from error


def answer(message: Any, status: int = 200) -> Response[bytes]:
    return Response(_encode(message), status_code=status, media_type="application/json")


def _problem(problem: Problem) -> Response[bytes]:
    return Response(_encode(problem), status_code=problem.status, media_type=PROBLEM)


def fault(_: Asked, fault: Fault) -> Response[bytes]:
    return _problem(
        msgspec.convert(
            {
                "type": f"/problems/{fault.kind}",
                "title": fault.title,
                "status": fault.status,
                "detail": fault.detail,
                **fault.more,
            },
            Problem,
        )
    )


def refused(request: Asked, error: HTTPException) -> Response[bytes]:
    """What the framework refuses: an unknown path, another method, a body that is too large."""
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return _problem(Problem(type="about:blank", title="refused", status=error.status_code, detail=detail))


def failed(request: Asked, error: Exception) -> Response[bytes]:
    detail = f"{request.method} {request.url.path}: {type(error).__name__}: {error}"
    return _problem(Problem(type="/problems/failed", title="the server failed", status=500, detail=detail))
