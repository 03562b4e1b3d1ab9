"""What the page on adapters shows is so."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from patternproof import adapter as adapters
from patternproof import judge
from patternproof.adapter import load
from patternproof.commands.smoke import smoke
from patternproof.outcome import AdapterError
from patternproof.patterns import PATTERNS

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
PROJECT = """
from patternproof.reference.circuit_breaker import CircuitBreaker as Breaker, ThreadedCircuitBreaker as ThreadedBreaker
from patternproof.reference.connection_pool import ConnectionPool as Pool
"""
BREAKER = """
class Breaker:
    state = "closed"

    async def call(self, operation):
        {body}

"""
RIGHT = BREAKER.format(body="return await operation()")
PLAIN = """
class Breaker:
    state = "closed"

    def call(self, operation) -> int:
        return operation()

"""
MAKES = "def circuit_breaker(settings):\n    return Breaker()\n"
YIELDS = f"{RIGHT}async def circuit_breaker(settings):\n    yield Breaker()\n"
MISTAKES = {
    "no factory; write a function of one of these names": "x = 1\n",
    "means nothing to the kit; was 'KNOWN_FAILURES' meant?": f"{RIGHT}{MAKES}KNOWN_FAILURE = {{}}\n",
    "cannot be imported: ModuleNotFoundError": "import no_such_module_of_the_project\n",
    "which is not installed here": f"{RIGHT}{MAKES}ADAPTS = {{'no-such-distribution'}}\n",
    "the factory 'circuit_breaker' is not filled in yet": "def circuit_breaker(settings):\n    raise NotImplementedError\n",
    "the factory 'circuit_breaker' failed with TypeError": "def circuit_breaker():\n    pass\n",
    "returned None; return (or yield) the object that it adapts": "def circuit_breaker(settings):\n    pass\n",
    "without 'state'; expected a property or attribute of that name": f"{RIGHT.replace('state', 'phase')}{MAKES}",
    "seen a plain method; make it async, or set RUNTIME = 'threads'": f"{PLAIN}{MAKES}",
    "RUNTIME is 'threads', and the factory 'circuit_breaker' is async": f"{RIGHT}RUNTIME = 'threads'\nasync {MAKES}",
    "refuses every setting that the kit tries; it must take its plainest ones": (
        "from patternproof.ports import Unsupported\ndef circuit_breaker(settings):\n    raise Unsupported('everything')\n"
    ),
    "the plainest use of 'circuit_breaker' already goes wrong": f"{BREAKER.format(body='return await operation')}{MAKES}",
    "after its yield, failed with": f"{YIELDS}    1 / 0\n",
    "after its yield, does not end": f"import asyncio\n{YIELDS}    await asyncio.Event().wait()\n",
}


def documented(heading: str) -> list[str]:
    """The first column of the table under a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [name for row in re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE) for name in re.findall("`(.+?)`", row)]


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_an_adapter_on_the_page_is_in_order(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_project.py").write_text(PROJECT, encoding="utf-8")
    (tmp_path / f"adapter_{number}.py").write_text(BLOCKS[number], encoding="utf-8")
    monkeypatch.delitem(sys.modules, "my_project", raising=False)
    adapter = load(str(tmp_path / f"adapter_{number}.py"))
    for stem in adapter.offered:
        judge.smoke(adapter, stem)


def test_the_page_has_an_adapter_for_each_runtime() -> None:
    assert {"threads", "live"} == set(re.findall(r'^RUNTIME = "(\w+)"', "\n".join(BLOCKS), re.MULTILINE))


def test_the_table_has_every_name_that_a_module_may_say() -> None:
    names = {name.partition("(")[0] for name in documented("What the module may say")}
    factories = {factory for pattern in PATTERNS.values() for factory in pattern.factories}
    assert names == {*factories, *adapters._SETTINGS}


def test_the_page_names_every_claim() -> None:
    claims = PAGE.split("Claims: ")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", claims)) >= {claim for pattern in PATTERNS.values() for claim in pattern.claims}


def test_the_table_has_every_adapter_that_comes_with_the_kit() -> None:
    modules = {path.stem for path in (ROOT / "adapters").glob("*.py") if not path.stem.startswith("_")}
    assert set(documented("The adapters that come with the kit")) == modules


def test_the_messages_that_are_explained_are_those_that_are_tried_here() -> None:
    assert documented_messages() == list(MISTAKES)


@pytest.mark.parametrize("message", MISTAKES)
def test_a_mistake_gives_the_message_that_the_page_explains(
    message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"adapter_with_mistake_{list(MISTAKES).index(message)}.py"
    path.write_text(MISTAKES[message], encoding="utf-8")
    assert message in told(path, capsys)


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``patternproof smoke`` says of an adapter, whether it ends in an error or not."""
    try:
        smoke(str(path), [])
    except AdapterError as error:
        return str(error)
    return capsys.readouterr().out


def documented_messages() -> list[str]:
    section = PAGE.split("## First smoke, then run\n")[1]
    return re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)
