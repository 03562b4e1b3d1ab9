"""A reference that is served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.binding.serving import Served, served


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Served]]:
    """Serves an adapter until the tests are over."""
    with ExitStack() as stack:
        yield cache(lambda adapter: stack.enter_context(served(adapter)))


@pytest.fixture(scope="session")
def reference(serve: Callable[..., Served]) -> Served:
    """The reference for asyncio."""
    return serve("patternproof.reference.adapters.in_memory")
