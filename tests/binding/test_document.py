"""The stored OpenAPI document, and the server beside it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from patternproof.adapter import load
from patternproof.binding import VERSION
from patternproof.binding.document import STORED, document, encoded
from patternproof.binding.hosting import HOSTS
from patternproof.binding.messages import PATTERNS
from patternproof.binding.probing import _BEGUN
from patternproof.binding.proxies import PROXIES
from patternproof.binding.server import application
from patternproof.members import optional, required


@pytest.fixture(scope="module")
def stored() -> Any:
    return json.loads(STORED.read_bytes())


def test_the_stored_document_is_what_the_messages_make() -> None:
    """`python -m patternproof.binding.document` stores it anew."""
    assert STORED.read_bytes() == encoded()


def test_the_document_is_of_the_version_of_the_binding(stored: Any) -> None:
    assert (stored["openapi"], stored["info"]["version"]) == ("3.1.0", str(VERSION))


def test_the_server_has_the_endpoints_of_the_document_and_no_others(stored: Any) -> None:
    served = application(load("patternproof.reference.adapters.in_memory"))
    routes = [route for route in served.routes if isinstance(route, HTTPRoute)]
    found = {(method, re.sub(r":str", "", route.path)) for route in routes for method in route.methods if method != "OPTIONS"}
    assert found == {(method.upper(), path) for path, methods in stored["paths"].items() for method in methods}


def test_every_message_has_a_name_that_no_other_has(stored: Any) -> None:
    assert [name for name in stored["components"]["schemas"] if "patternproof" in name] == []


def test_every_message_and_every_field_that_is_no_id_says_what_it_is(stored: Any) -> None:
    silent = [name for name, schema in stored["components"]["schemas"].items() if "description" not in schema]
    assert silent == []


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_member_of_a_port_has_a_message(pattern: str) -> None:
    tags = {call.__struct_config__.tag.partition(".")[2] for call in PATTERNS[pattern].CALLS}
    left_out = getattr(PATTERNS[pattern], "LEFT_OUT", ())
    assert tags >= {*required(pattern), *optional(pattern)} - {*left_out}


def test_every_pattern_of_the_binding_is_on_both_sides_and_is_probed() -> None:
    assert [*PATTERNS] == [*HOSTS] == [*PROXIES] == [*_BEGUN]


def test_the_document_is_valid_openapi() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    for schema in document()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
