"""The double of a shared state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from patternproof.reference.shared_state import SharedState

from patternproof.ports.shared_state import Listener, Remove, Snapshot, Updater

from .script import Script

T = TypeVar("T")


class SharedStateDouble:
    """A shared state that can be scripted.

    Args:
        initial: the data of version 0; None: empty.
    """

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        self.script = Script("get", "update", "update_if")
        self._state = SharedState(initial or {})

    async def get(self) -> Snapshot:
        await self.script.play("get")
        return await self._state.get()

    async def update(self, function: Updater[T]) -> T:
        await self.script.play("update")
        return await self._state.update(function)

    async def update_if(self, version: int, function: Updater[T]) -> T:
        await self.script.play("update_if", version=version)
        return await self._state.update_if(version, function)

    def add_listener(self, listener: Listener) -> Remove:
        return self._state.add_listener(listener)

    def add_error_listener(self, listener: Callable[[Exception], Any]) -> None:
        self._state.add_error_listener(listener)
