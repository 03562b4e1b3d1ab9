"""Loading adapters, and making what they adapt."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patternproof.adapter import Adapter, load
from patternproof.outcome import AdapterError, NotOffered
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.requirements import Requirement

pytestmark = pytest.mark.usefixtures("small_catalogue")

BREAKER = """
class Breaker:
    state = "closed"

    async def call(self, operation):
        return await operation()

"""
FACTORY = f"""{BREAKER}
def circuit_breaker(settings):
    return Breaker()
"""


@pytest.fixture
def written(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """Loads an adapter of a text."""

    def write(text: str) -> Adapter:
        path = tmp_path / f"{request.node.originalname}_{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text, encoding="utf-8")
        return load(str(path))

    return write


def make(adapter: Adapter) -> Any:
    with adapter.driver() as driver, adapter.make("circuit_breaker", driver, CircuitBreakerSettings()) as made:
        return made


def test_a_module_says_what_it_offers_claims_and_knows(written: Any) -> None:
    adapter = written(
        f"{FACTORY}NAME = 'mine'\nCLAIMS = {{'manual_control'}}\nKNOWN_FAILURES = {{'CB-16': 'issue 12'}}\nADAPTS = ['pytest']\n"
    )
    assert (adapter.name, adapter.runtime, adapter.offered) == ("mine", "asyncio", ("circuit_breaker",))
    assert (adapter.claims, adapter.known_failures) == ({"manual_control"}, {"CB-16": "issue 12"})
    assert adapter.versions() == {"pytest": pytest.__version__}


def test_a_module_is_found_by_its_name_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "named_adapter.py").write_text(FACTORY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert load("named_adapter").offered == ("circuit_breaker",)


def test_a_file_may_import_what_stands_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside_the_adapter.py").write_text(FACTORY, encoding="utf-8")
    (tmp_path / "adapter_of_neighbour.py").write_text("from beside_the_adapter import circuit_breaker\n", encoding="utf-8")
    assert load(str(tmp_path / "adapter_of_neighbour.py")).offered == ("circuit_breaker",)


def test_neither_the_adapters_folder_nor_the_current_one_hides_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    for folder in (tmp_path, tmp_path / "here"):
        (folder / "msgspec.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / "hiding_adapter.py").write_text(FACTORY, encoding="utf-8")
    (tmp_path / "here" / "hiding_named_adapter.py").write_text(FACTORY, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "path", [*sys.path])
    load(str(tmp_path / "hiding_adapter.py"))
    load("hiding_named_adapter")
    assert sys.path[-2:] == [str(tmp_path), str(tmp_path / "here")]


def test_a_package_that_hides_the_teams_own_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AdapterError, match=r"and 'json' was found at .*json.__init__\.py"):
        load("json.conformance.adapter")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("http://localhost:1", "nothing answers"),
        ("no/such/adapter.py", "does not exist"),
        ("tests/", "is a folder"),
        ("no_such_adapter_module", "no module named 'no_such_adapter_module'"),
        ("json.no_such_part", "no module named 'json.no_such_part'"),
        (" ", "name is empty"),
        (".relative", "cannot be imported"),
    ],
)
def test_an_adapter_that_is_not_there_is_named_with_where_it_was_looked_for(spec: str, told: str) -> None:
    with pytest.raises(AdapterError, match=r"adapter|http") as caught:
        load(spec)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def broken(:\n", "_0.py:1: syntax error"),
        ("import no_such_library\n", "_0.py:1: the adapter"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("x = 1\n", "no factory"),
        (f"{FACTORY}RUNTIME = 'trio'\n", "one of 'asyncio', 'threads', 'live'"),
        (f"{FACTORY}CLAIMS = 'manual_control'\n", "write a set of names"),
        (f"{FACTORY}CLAIMS = {{'manual_contrl'}}\n", "did you mean 'manual_control'"),
        (f"{FACTORY}CLAIMS = {{1}}\n", "write a set of names"),
        (f"{FACTORY}CLAIMS = 7\n", "write a set of names"),
        (f"{FACTORY}KNOWN_FAILURES = {{'CB-16'}}\n", "write ids with reasons"),
        (f"{FACTORY}KNOWN_FAILURES = {{'CB-16': ''}}\n", "give the reason"),
        (f"{FACTORY}KNOWN_FAILURES = {{'CB-1': 'issue 12'}}\n", "did you mean 'CB-01'"),
        (f"{FACTORY}KNOWN_FAILURES = {{'CB-22': 'issue 12'}}\n", "which only counts where CLAIMS names 'manual_control'"),
        (f"{FACTORY}SCALE = 0\n", "a number above 0"),
        (f"{FACTORY}SETTLE = 'long'\n", "a number above 0"),
        (f"{FACTORY}KNOWN_FAILURE = {{}}\n", "was 'KNOWN_FAILURES' meant"),
        (f"{BREAKER}def circuit_braker(settings):\n    return Breaker()\n", "was 'circuit_breaker' meant"),
    ],
)
def test_what_an_adapter_gets_wrong_is_quoted_with_what_to_write(written: Any, text: str, told: str) -> None:
    with pytest.raises(AdapterError) as caught:
        written(text)
    assert told in str(caught.value)


def test_an_adapted_distribution_that_is_not_installed_is_the_adapters_error(written: Any) -> None:
    with pytest.raises(AdapterError, match="no-such-distribution"):
        written(f"{FACTORY}ADAPTS = {{'no-such-distribution'}}\n").versions()


@pytest.mark.parametrize(
    "factory",
    [
        "def circuit_breaker(settings):\n    asyncio.get_running_loop()\n    return Breaker()\n",
        "def circuit_breaker(settings):\n    asyncio.current_task().get_name()\n    return Breaker()\n",
        "async def circuit_breaker(settings):\n    await asyncio.sleep(0)\n    return Breaker()\n",
        "def circuit_breaker(settings):\n    yield Breaker()\n    LOG.append('cleaned')\n",
        "async def circuit_breaker(settings):\n    yield Breaker()\n    await asyncio.sleep(0)\n    LOG.append('cleaned')\n",
        "async def made():\n    return Breaker()\n\ncircuit_breaker = lambda settings: made()\n",
    ],
)
def test_a_factory_of_any_kind_runs_inside_a_task_of_the_driver_and_is_cleaned_up(written: Any, factory: str) -> None:
    adapter = written(f"import asyncio\nLOG = []\n{BREAKER}{factory}")
    assert type(make(adapter)).__name__ == "Breaker"
    assert (["cleaned"] if "yield" in factory else []) == adapter.module.LOG


def test_a_setting_that_is_refused_is_not_offered_by_its_name(written: Any) -> None:
    adapter = written(
        "from patternproof.ports import Unsupported\ndef circuit_breaker(s):\n    raise Unsupported('success_threshold')\n"
    )
    with pytest.raises(NotOffered, match="no setting 'success_threshold'"):
        make(adapter)


def test_a_pattern_without_a_factory_is_not_offered(written: Any) -> None:
    adapter = written(FACTORY)
    with adapter.driver() as driver, pytest.raises(NotOffered, match="no function 'connection_pool'"):
        adapter.make("connection_pool", driver).__enter__()


@pytest.mark.parametrize(
    ("factory", "told"),
    [
        ("def circuit_breaker(settings):\n    return None\n", "returned None"),
        ("def circuit_breaker(settings):\n    pass\n", "returned None"),
        ("def circuit_breaker(settings):\n    1 / 0\n", "failed with ZeroDivisionError: division by zero\n    1 / 0"),
        ("async def circuit_breaker(settings):\n    1 / 0\n", "failed with ZeroDivisionError"),
        ("def circuit_breaker(settings):\n    1 / 0\n    yield\n", "failed with ZeroDivisionError"),
        ("def circuit_breaker():\n    return Breaker()\n", "failed with TypeError"),
        ("async def circuit_breaker(settings):\n    await asyncio.Future()\n", "does not come back"),
        ("def circuit_breaker(settings):\n    return object()\n", "without 'state'"),
        (
            "class B:\n    state = 1\n    call = 2\ndef circuit_breaker(settings):\n    return B()\n",
            "expected call to be an async method",
        ),
        (
            "class B:\n    state = 1\n    def call(self, operation) -> int: ...\ndef circuit_breaker(s):\n    return B()\n",
            "seen a plain method; make it async, or set RUNTIME = 'threads'",
        ),
        (
            "class B(Breaker):\n    async def trip(self): ...\ndef circuit_breaker(settings):\n    return B()\n",
            "expected trip to be a plain",
        ),
    ],
)
def test_a_factory_that_fails_or_gives_something_else_is_the_adapters_error(written: Any, factory: str, told: str) -> None:
    with pytest.raises(AdapterError) as caught:
        make(written(f"import asyncio\n{BREAKER}{factory}"))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "member",
    [
        "def call(self, operation): return self.inner.call(operation)",
        "def call(self, operation) -> Awaitable[int]: return self.inner.call(operation)",
        "def call(self, operation) -> 'Unheard': return self.inner.call(operation)",
        "def __getattr__(self, name): return getattr(Breaker(), name)",
    ],
)
def test_a_member_that_may_be_right_is_not_accused(written: Any, member: str) -> None:
    text = f"from collections.abc import Awaitable\n{BREAKER}\nclass B:\n    state = 'closed'\n    {member}\n"
    assert type(make(written(f"{text}\ndef circuit_breaker(settings):\n    return B()\n"))).__name__ == "B"


CLEAN_UPS = {
    "1 / 0": "the clean-up of 'circuit_breaker', after its yield, failed with ZeroDivisionError",
    "await asyncio.Future()": "does not end",
}


@pytest.mark.parametrize("clean_up", CLEAN_UPS)
def test_a_clean_up_that_fails_is_told_where_nothing_is_in_flight(written: Any, clean_up: str) -> None:
    adapter = written(f"import asyncio\n{BREAKER}\nasync def circuit_breaker(settings):\n    yield Breaker()\n    {clean_up}\n")
    with pytest.raises(AdapterError, match=CLEAN_UPS[clean_up]):
        make(replace(adapter, strict=True))


@pytest.mark.parametrize("clean_up", CLEAN_UPS)
def test_a_clean_up_that_fails_does_not_hide_a_verdict(written: Any, clean_up: str) -> None:
    adapter = written(f"import asyncio\n{BREAKER}\nasync def circuit_breaker(settings):\n    yield Breaker()\n    {clean_up}\n")
    assert type(make(adapter)).__name__ == "Breaker"


def test_every_claim_of_the_registry_is_one_that_an_adapter_can_make(
    written: Any, small_catalogue: Mapping[str, Requirement]
) -> None:
    claims = {requirement.claim for requirement in small_catalogue.values() if requirement.claim}
    assert written(f"{FACTORY}CLAIMS = {claims!r}\n").claims == claims
