"""Running a driver's loop from within another one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def beside_running_loop() -> Iterator[None]:
    """A scope in which the loop that runs is out of the way, and a driver's may: a server answers one request at a time."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
