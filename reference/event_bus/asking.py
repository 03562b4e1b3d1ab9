"""Asking a broker until it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

from .broker_errors import BrokerAddressError, BrokerUnreachableError

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that a broker may be away, by default: a restart takes fewer."""
RETRY = 0.05
"""Seconds between two tries."""


class Asking:
    """Repeats a question while the broker is away; not before it has been there once, since an address may be wrong.

    Args:
        patience: seconds that it may be away.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        if not patience >= 0:
            raise ValueError(f"patience must be at least 0 seconds, got {patience!r}")
        self._patience = patience
        # Changed by `answered` only.
        self.met = False
        """Whether the broker has been there."""

    async def answered(self, question: Callable[[], Awaitable[T]]) -> T:
        """What the broker answers; the question has to be one that may be asked twice.

        Raises:
            BrokerUnreachableError: it is away for too long, or was never there.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            try:
                answer = await question()
            except BrokerUnreachableError:
                if not self.met or loop.time() >= deadline:
                    raise
                await asyncio.sleep(RETRY)
            else:
                self.met = True
                return answer


def checked_address(url: str, schemes: tuple[str, ...], example: str) -> str:
    """An address as it is.

    Raises:
        BrokerAddressError: it has another scheme than these, or no host, or a port that is none.
    """
    try:
        parts = urlsplit(url)
        right = parts.scheme in schemes and parts.port != 0 and bool(parts.hostname or parts.path)
    except ValueError:
        right = False
    if not right:
        raise BrokerAddressError(f"expected an address such as {example}; seen {url!r}")
    return url
