"""Fixtures for the steps of features."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.plugin import start


@pytest.fixture(scope="session")
def patternproof_adapter(pytestconfig: pytest.Config) -> Adapter:
    """The adapter under test."""
    return start(pytestconfig).adapter


@pytest.fixture
def driver(patternproof_adapter: Adapter) -> Iterator[Driver]:
    """A driver of the adapter's runtime, open for one example."""
    with patternproof_adapter.driver() as entered:
        yield entered


@pytest.fixture
def requirement(request: pytest.FixtureRequest) -> str:
    """The id of the Rule that the example stands under; empty where it has none."""
    return str(getattr(request.node, "requirement_id", ""))
