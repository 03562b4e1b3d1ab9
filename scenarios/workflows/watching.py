"""Parts of which use is taken down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .system_model import TOO_EARLY

After = Callable[[Any], Any]


class Watched:
    """Stands for a part; whatever is done with it is done with the part itself.

    Args:
        inner: the part.
        before: by name of a method, what is called before it.
        after: by name of a method, what is given its result, and gives what is returned in its place.
    """

    def __init__(self, inner: Any, before: Mapping[str, Callable[[], None]], after: Mapping[str, After]) -> None:
        self._inner = inner
        self._before = before
        self._after = after

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if name not in self._before and name not in self._after:
            return member

        def called(*arguments: Any, **named: Any) -> Any:
            self._before.get(name, _nothing)()
            result, after = member(*arguments, **named), self._after.get(name, _same)
            return _awaited(result, after) if hasattr(result, "__await__") else after(result)

        return called


class WatchedSubscription(Watched):
    """The same with what only a class can have."""

    def __aiter__(self) -> Any:
        return self._inner.__aiter__()

    def __iter__(self) -> Any:
        return self._inner.__iter__()

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.unsubscribe()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        self.unsubscribe()


async def _awaited(result: Any, after: After) -> Any:
    return after(await result)


def _same(result: Any) -> Any:
    return result


def _nothing() -> None:
    return


class Book:
    """What is in use of the parts that a system is given."""

    def __init__(self) -> None:
        self.subscriptions = 0
        self.handlers = 0
        self.order = ""

    def bus(self, bus: Any) -> Watched:
        """A bus of which subscriptions are counted."""
        return Watched(bus, {}, {"subscribe": self._subscribed, "handle": self._subscribed})

    def _subscribed(self, subscription: Any) -> WatchedSubscription:
        self.subscriptions += 1
        ended: list[None] = []

        def end(result: Any) -> Any:
            if not ended:
                ended.append(None)
                self.subscriptions -= 1
            return result

        return WatchedSubscription(subscription, {}, {"unsubscribe": end})

    def service(self, service: Any) -> Watched:
        """A service of which handlers are counted, and subscriptions, which nobody takes back."""
        return Watched(service, {}, {"register_handler": self._registered, "unregister_handler": self._unregistered})

    def _registered(self, handler_id: Any) -> Any:
        self.handlers += 1
        return handler_id

    def _unregistered(self, result: Any) -> Any:
        self.handlers -= 1
        return result

    def pool(self, pool: Any) -> Watched:
        """A pool that is to be closed after all that works with it has ended."""
        return Watched(pool, {"close": self._closing}, {})

    def _closing(self) -> None:
        if self.subscriptions or self.handlers:
            self.order = TOO_EARLY
