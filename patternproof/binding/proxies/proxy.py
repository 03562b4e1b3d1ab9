"""What the proxies of all patterns share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

import msgspec

from patternproof.binding.messages import Outcome
from patternproof.drivers.remote import Remote

P = TypeVar("P")


def deaf(*_: Any) -> None:
    """Stands for a listener that fails, which it does over there."""


class Proxy:
    """An instance over there.

    Args:
        driver: reaches it.
        instance: its id.
    """

    def __init__(self, driver: Remote, instance: str) -> None:
        self._driver, self._instance = driver, instance

    async def _follow(self, message: Callable[..., Any], /, **values: Any) -> Any:
        return self._delivered(await self._driver.follow(self._instance, message, **values))

    def _plainly(self, message: Callable[..., Any], /, **values: Any) -> Any:
        return self._delivered(self._driver.plainly(self._instance, message, **values))

    def _hear_error(self, listener: Callable[[BaseException], Any], told: Any) -> None:
        """Tell a listener of errors of one that came as an outcome."""
        try:
            self._driver.tokens.delivered(msgspec.convert(told, Outcome))
        except BaseException as error:  # noqa: BLE001  # it is what the listener is told of
            listener(error)

    def _delivered(self, outcome: Outcome) -> Any:
        """Return or raise what an outcome says; a pattern's own outcomes as errors of its port."""
        return self._driver.tokens.delivered(outcome)


@cache
def with_members(proxy: type[P], members: tuple[type, ...]) -> type[P]:
    """A proxy that has optional members too: each is a class of its own, so that one without them lacks them."""
    return type(proxy.__name__, (*members, proxy), {})


def settings_as(message: Callable[..., Any], settings: Any, **replaced: Any) -> Any:
    """Settings of a port as their message."""
    names: Sequence[str] = message.__struct_fields__  # type: ignore[attr-defined]  # a message is a struct
    values: Mapping[str, Any] = {each.name: getattr(settings, each.name) for each in fields(settings) if each.name in names}
    return message(**{**values, **replaced})
