"""Finding the OpenAPI document of a service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from patternproof.adapter import Adapter
from patternproof.outcome import AdapterError, NotOffered, Unavailable

FACTORY = "error_propagation_service"
PATHS = ("/openapi.json", "/schema/openapi.json", "/api/openapi.json", "/docs/openapi.json", "/openapi.yaml")
"""Where applications have their document: FastAPI and most others, litestar, and some."""
FOUND = 200
SECONDS = 10.0
"""Real seconds that an address is given to answer."""
_INSTALL = "needs the extra http: pip install 'patternproof[http]'"


@contextmanager
def opened(adapter: Adapter) -> Iterator[Any]:
    """The schema of the adapter's service, ready to make requests of.

    Raises:
        NotOffered: the adapter has no service.
        Unavailable: schemathesis is not installed.
        AdapterError: there is no OpenAPI document where one should be; the address, and what was seen there.
    """
    if not adapter.has(FACTORY):
        raise NotOffered(f"the adapter has no function {FACTORY!r}")
    try:
        from schemathesis import openapi  # with the extra alone, and it takes half a second
    except ImportError as error:
        raise Unavailable(f"holding a service against the requirements {_INSTALL}") from error
    service = _made(getattr(adapter.module, FACTORY), adapter)
    if isinstance(service, str):
        read(service, service, lambda: _got(service))
        yield openapi.from_url(service)
    elif callable(service):
        served = as_served(service)
        yield openapi.from_asgi(_path(served, adapter), served)
    else:
        raise AdapterError(
            f"{adapter.file}: {FACTORY}() gave a {type(service).__name__}; return an ASGI application, or the address of an "
            "OpenAPI document"
        )


def as_served(application: Any) -> Any:
    """An ASGI application as a server runs it: what it raises is logged, and answered with a plain 500 where it is silent.

    Starlette answers first, and then raises what nobody has handled; without a server the answer would be lost.
    """

    async def served(scope: Any, receive: Any, send: Any) -> None:
        started = False

        async def sending(message: Any) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await application(scope, receive, sending)
        except Exception:
            if scope["type"] != "http":
                raise
            if not started:
                await send({"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"text/plain")]})
                await send({"type": "http.response.body", "body": b"Internal Server Error"})

    return served


def _made(factory: Callable[[], Any], adapter: Adapter) -> Any:
    from patternproof.ports import Unsupported

    try:
        return factory()
    except Unsupported as error:
        raise NotOffered(str(error)) from error
    except Unavailable:
        raise
    except Exception as error:
        raise AdapterError(f"{adapter.file}: the factory {FACTORY!r} failed with {type(error).__name__}: {error}") from error


def _got(address: str) -> tuple[int, str, str]:
    import requests  # comes with schemathesis

    answer = requests.get(address, timeout=SECONDS)
    return answer.status_code, answer.headers.get("content-type", ""), answer.text


def _path(application: Any, adapter: Adapter) -> str:
    """Where an application has its document."""
    from schemathesis.python import asgi

    seen = []
    with asgi.get_client(application) as client:
        for path in PATHS:
            answer = client.get(path)
            if answer.status_code == FOUND:
                place = f"{adapter.file}: {path} of the application"
                content = answer.headers.get("content-type", "")
                read(place, path, lambda found=(FOUND, content, answer.text): found)  # type: ignore[misc]  # bound now, called now
                return path
            seen.append(f"{path} ({answer.status_code})")
    raise AdapterError(f"{adapter.file}: the application has no OpenAPI document; looked at {', '.join(seen)}")


def read(place: str, address: str, get: Callable[[], tuple[int, str, str]]) -> dict[str, Any]:
    """An OpenAPI document.

    Args:
        place: where it stands, for messages.
        address: its address; one that ends in .yaml or .yml is read as YAML.
        get: gives status, media type and text.

    Raises:
        AdapterError: it does not answer, or answers something else.
    """
    try:
        status, content, text = get()
    except Exception as error:
        raise AdapterError(f"{place}: expected an OpenAPI document; it does not answer: {_reason(error)}") from error
    if status != FOUND:
        raise AdapterError(f"{place}: expected an OpenAPI document, seen: status {status}")
    if "html" in content or text.lstrip()[:1] == "<":
        raise AdapterError(f"{place}: expected an OpenAPI document, seen: an HTML page; give the address of the document itself")
    document = _parsed(text, address)
    version = document.get("openapi") if isinstance(document, dict) else None
    if isinstance(document, dict) and isinstance(version, str) and version.startswith("3."):
        return document
    shown = f"version {version!r}" if version is not None else f"a document that begins with {text.strip()[:40]!r}"
    raise AdapterError(f"{place}: expected an OpenAPI document of version 3, seen: {shown}")


def _parsed(text: str, address: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        if not address.endswith((".yaml", ".yml")):
            return None
    yaml: Any = import_module("yaml")  # comes with schemathesis

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _reason(error: BaseException) -> str:
    """The first words of an error that say something, without the names of a client's own objects."""
    text = str(error)
    for words in ("Connection refused", "Name or service not known", "Max retries exceeded", "timed out", "No scheme supplied"):
        if words in text:
            return words.lower()
    return f"{type(error).__name__}: {text[:120]}"
