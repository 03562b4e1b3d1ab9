"""Serving an adapter until told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from patternproof.adapter import Adapter
from patternproof.binding.server import application
from patternproof.outcome import AdapterError

INTERVAL = 0.01
"""Real seconds between two looks at whether it listens already."""


def serve(
    adapter: Adapter, host: str, port: int, ready: Callable[[str], None], app: Callable[[Adapter], Any] = application
) -> None:
    """Serve until SIGTERM or Ctrl-C; what is being answered then is answered first.

    Args:
        adapter: what is served.
        host: the address to listen at.
        port: 0: one that is free.
        ready: called with the address, once it can be asked.
        app: makes the application.

    Raises:
        AdapterError: the address cannot be had.
    """
    port = _free(host, port)
    asyncio.run(_serve(app(adapter), host, port, ready))


def _free(host: str, port: int) -> int:
    """The port, or a free one; granian itself would share one that somebody listens at."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise AdapterError(f"cannot listen at {host}:{port}: {error.strerror}; choose another with --port") from error
        return int(tried.getsockname()[1])


async def _serve(app: Any, host: str, port: int, ready: Callable[[str], None]) -> None:
    server = Server(app, host, port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    serving = asyncio.ensure_future(server.serve())
    while not serving.done() and not await _listens(host, port):  # noqa: ASYNC110  # granian tells nobody
        await asyncio.sleep(INTERVAL)
    if not serving.done():
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    await serving


async def _listens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
