"""contextlib's ExitStack, called from threads."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Self

from patternproof.ports import Unsupported
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings

from ._resource_scopes import PlainScope
from ._settings import offer_only

RUNTIME = "threads"


class Manager:
    """The port over a stack, which knows no ids."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def register(self, id: str, resource: Any) -> None:
        self._stack.enter_context(PlainScope(resource))

    def get(self, id: str) -> Any:
        raise Unsupported("get")

    def cleanup_all(self) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        self._stack.__enter__()
        return self

    def __exit__(self, *error: Any) -> bool | None:
        return self._stack.__exit__(*error)


def resource_lifecycle(settings: ResourceLifecycleSettings) -> Manager:
    offer_only(settings)
    return Manager()
