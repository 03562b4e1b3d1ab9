"""The OpenAPI document, made of the endpoints and the messages."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from patternproof.binding import VERSION
from patternproof.binding.endpoints import ENDPOINTS, Endpoint
from patternproof.binding.messages import PATTERNS, Problem
from patternproof.binding.messages.common import Id

STORED = Path(__file__).with_name("openapi.json")
_ABOUT = (
    "What a server answers so that the kit can hold an implementation in any language to the requirements. The kit gives ids to "
    "instances, calls, functions, listeners and errors, the server to operations. Whatever happens is told in the next answer."
)
SCHEMAS = "#/components/schemas/"
_PARAMETER = re.compile(r"\{(\w+)\}")
_SETTLE = {
    "name": "settle",
    "in": "query",
    "description": "Whether to go on, before the answer, until nothing can move without a release, a cancellation or time.",
    "schema": {"type": "boolean", "default": False},
}


def document(endpoints: Iterable[Endpoint] = ENDPOINTS) -> dict[str, Any]:
    """The document; what is stored is that of all endpoints and messages."""
    endpoints = tuple(endpoints)
    kinds = [each for endpoint in endpoints for each in (endpoint.request, endpoint.response) if each is not None]
    (problem, *schemas), components = msgspec.json.schema_components([Problem, *kinds], ref_template=SCHEMAS + "{name}")
    given = iter(schemas)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        request = None if endpoint.request is None else next(given)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, request, next(given))
    _describe(components)
    failed = {"description": "A problem (RFC 9457).", "content": {"application/problem+json": {"schema": problem}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "patternproof HTTP binding", "version": str(VERSION), "description": _ABOUT},
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items())), "responses": {"Problem": failed}},
    }


def _operation(endpoint: Endpoint, request: Any, response: Any) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(Id)}
        for name in _PARAMETER.findall(endpoint.path)
    ]
    problem = {"$ref": "#/components/responses/Problem"}
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": re.sub(r"\W+", "_", f"{endpoint.method.lower()}{endpoint.path}").strip("_"),
        "parameters": [*parameters, *([_SETTLE] if endpoint.settles else [])],
        "responses": {
            str(endpoint.status): {"description": "Done.", "content": {"application/json": {"schema": response}}},
            "4XX": problem,
            "5XX": problem,
        },
    }
    if request is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": request}}}
    return operation


def _describe(components: dict[str, Any]) -> None:
    """Add what stands below each field in the source."""
    for name, described in _described():
        for field, text in described.items():
            if field in components.get(name, {}).get("properties", {}):
                components[name]["properties"][field]["description"] = text


def _described() -> Iterator[tuple[str, dict[str, str]]]:
    modules = {inspect.getmodule(each) for each in (Problem, *PATTERNS.values())}
    for struct in {each for module in modules for each in vars(module).values() if inspect.isclass(each)}:
        if issubclass(struct, msgspec.Struct) and struct is not msgspec.Struct:
            yield struct.__name__, _fields(struct)


def _fields(struct: type) -> dict[str, str]:
    """The sentences below the fields of a class; settings made of a port's have those of the port."""
    source = getattr(struct, "__made_of__", struct)
    body = ast.parse(textwrap.dedent(inspect.getsource(source))).body[0]
    assert isinstance(body, ast.ClassDef), "it is the source of a class"
    found = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[ast.unparse(field.target)] = " ".join(str(below.value.value).split())
    return found


def encoded() -> bytes:
    """The document as it is stored."""
    return msgspec.json.format(msgspec.json.encode(document())) + b"\n"


if __name__ == "__main__":
    STORED.write_bytes(encoded())
