"""Patterns of several factories, made over those of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

import pytest

from patternproof import adapter as adapters
from patternproof import members
from patternproof.adapter import Adapter, load
from patternproof.commands.new import adapter_text
from patternproof.outcome import AdapterError, NotOffered
from patternproof.patterns import PATTERNS, Pattern

PARTS = {"gauge": ("circuit_breaker", "connection_pool"), "renamed": ()}
WHOLE = "def circuit_breaker(s): ...\ndef connection_pool(c, s): ...\n"


class Gauge(Protocol):
    """Reads a machine."""

    async def read(self) -> int:
        """What it shows."""


@pytest.fixture(autouse=True)
def machinery(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern of two factories, one over two other patterns, and one that is a plain function over nothing."""
    port = ModuleType("patternproof.ports.machinery")
    described = {"gauge": (("breaker", "pool"), Gauge, ()), "renamed": (("name",), None, ())}
    for index, name in enumerate(("ARGUMENTS", "REQUIRED", "OPTIONAL")):
        setattr(port, name, {factory: values[index] for factory, values in described.items()})
    lent = SimpleNamespace(gauge=lambda breaker, pool: "the reference's gauge", circuit_breaker=lambda settings: "a breaker lent")
    monkeypatch.setitem(PATTERNS, "machinery", Pattern("machinery", "MA", parts=PARTS))
    monkeypatch.setattr(members, "port", lambda stem: port)
    monkeypatch.setattr(adapters, "reference", lambda runtime: lent)


@pytest.fixture
def written(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Adapter]:
    """Loads an adapter of a text."""

    def write(text: str) -> Adapter:
        path = tmp_path / f"{request.node.originalname}.py"
        path.write_text(text, encoding="utf-8")
        return load(str(path))

    return write


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("def gauge(b, p): ...\n", ("machinery",)),
        ("def renamed(name): ...\n", ("machinery",)),
        (WHOLE, ("circuit_breaker", "connection_pool", "machinery")),
        ("def circuit_breaker(s): ...\n", ("circuit_breaker",)),
    ],
)
def test_a_factory_or_all_that_it_is_made_over_offers_the_pattern(written: Any, text: str, offered: tuple[str, ...]) -> None:
    assert written(text).offered == offered


def test_the_reference_is_made_over_the_adapters_own_parts(written: Any) -> None:
    whole = written(WHOLE)
    around = whole.around("gauge")
    assert around.module.gauge(None, None) == "the reference's gauge"
    assert around.module.circuit_breaker is whole.module.circuit_breaker
    assert not whole.has("gauge")


def test_what_an_adapters_own_factory_is_made_over_is_lent_where_it_is_missing(written: Any) -> None:
    own = written("def gauge(b, p): return 'own'\n").around("gauge")
    assert (own.module.gauge(None, None), own.module.circuit_breaker(None)) == ("own", "a breaker lent")


@pytest.mark.parametrize(
    ("factory", "told"),
    [
        ("gauge", "no function 'gauge', nor 'connection_pool' to make the reference's over"),
        ("renamed", "no function 'renamed'$"),
    ],
)
def test_what_is_missing_is_not_offered_by_its_name(written: Any, factory: str, told: str) -> None:
    with pytest.raises(NotOffered, match=told):
        written("def circuit_breaker(s): ...\n").around(factory)


def test_a_slip_in_the_name_of_a_part_is_told(written: Any) -> None:
    with pytest.raises(AdapterError, match="'gauges' means nothing to the kit; was 'gauge' meant"):
        written("def circuit_breaker(s): ...\ndef gauges(b, p): ...\n")


def test_what_a_part_makes_is_held_to_its_own_members(written: Any) -> None:
    held = written("def gauge(b, p): return object()\n").around("gauge")
    with held.driver() as driver, pytest.raises(AdapterError, match=r"gauge\(\) returned a object without 'read'"):
        held.make("gauge", driver, None, None).__enter__()


@pytest.mark.parametrize("runtime", ["asyncio", "threads"])
def test_a_new_adapter_has_a_function_for_each_part(runtime: str) -> None:
    text = adapter_text(["machinery"], runtime)
    compile(text, "adapter.py", "exec")
    assert "def gauge(breaker: Any, pool: Any) -> Gauge:" in text
    assert "Left out, the reference is made over circuit_breaker and connection_pool of this module." in text
    assert "def renamed(name: Any) -> Any:" in text
    assert "return my_project.renamed(name)" in text
