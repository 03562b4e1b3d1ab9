"""The page about the HTTP binding."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from litestar.testing import TestClient

from patternproof.adapter import load
from patternproof.binding import VERSION
from patternproof.binding.endpoints import ENDPOINTS
from patternproof.binding.server import application
from patternproof.binding.wire import LONGEST

PAGE = (Path(__file__).parents[2] / "docs/http-binding.md").read_text(encoding="utf-8")
SESSION = re.findall(r"^\$ (curl .+)\n(.+)$", PAGE, re.MULTILINE)


def requested(command: str) -> tuple[str, str, str | None]:
    """Method, path and body of a curl command."""
    words = shlex.split(command)
    address = next(word for word in words if word.startswith("http://127.0.0.1:8080"))
    body = words[words.index("-d") + 1] if "-d" in words else None
    return words[words.index("-X") + 1], address.removeprefix("http://127.0.0.1:8080"), body


def test_the_session_goes_as_it_is_printed() -> None:
    with TestClient(application(load("patternproof.reference.adapters.in_memory"))) as client:
        for command, printed in SESSION:
            method, path, body = requested(command)
            assert client.request(method, path, content=body).text == printed, command


def test_the_session_uses_every_endpoint_that_changes_something_but_cancelling() -> None:
    used = {(method, re.sub(r"/[icdo]\d\b", "/{}", path.partition("?")[0])) for method, path, _ in map(requested, dict(SESSION))}
    changing = {(each.method, re.sub(r"\{\w+\}", "{}", each.path)) for each in ENDPOINTS if each.settles}
    assert used == changing - {("DELETE", "/calls/{}")}


def test_the_table_has_every_endpoint() -> None:
    table = re.findall(r"^\| `(\w+) (/\S*)` \|", PAGE, re.MULTILINE)
    assert table == [(each.method, each.path) for each in ENDPOINTS]


@pytest.mark.parametrize("said", [f'"binding": {VERSION}', f"longer than {LONGEST:g} s"])
def test_a_number_of_the_page_is_that_of_the_code(said: str) -> None:
    assert said in PAGE
