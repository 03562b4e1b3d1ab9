"""A reference that is served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.binding.serving import Served, served


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Served]]:
    """Serves an adapter until the tests are over."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(served(*arguments))


@pytest.fixture(scope="session")
def reference(serve: Callable[..., Served]) -> Served:
    """The reference for asyncio."""
    return serve("patternproof.reference.adapters.in_memory")
