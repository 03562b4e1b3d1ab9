"""What the hosts of all patterns share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from patternproof.binding.errors import Fault
from patternproof.binding.hosting.orders import Order
from patternproof.binding.messages import Failed, Outcome
from patternproof.causes import with_causes
from patternproof.drivers import Pending, Raised, Returned
from patternproof.flavour import plainly

if TYPE_CHECKING:
    from patternproof.binding.world import World


class Host(ABC):
    """One implementation, and how messages become calls of it.

    Args:
        world: what it is part of.
        made: the implementation.
        *_: what it was made with.
    """

    plain: tuple[type, ...]
    """The messages whose calls end at once."""

    def __init__(self, world: World, made: Any, *_: Any) -> None:
        self.world, self.made = world, made

    @staticmethod
    @abstractmethod
    def arguments(world: World, message: Any) -> tuple[Any, ...]:
        """What the factory takes, from the message that asks for an instance."""

    @abstractmethod
    def method(self, message: Any) -> Callable[[], Any]:
        """What a call does."""

    def outcome(self, error: BaseException) -> Outcome | None:
        """An error that the port has a word for; None: it has none."""
        return None

    def has(self, member: str) -> bool:
        """Whether it has one of the members that not every one has."""
        return hasattr(self.made, member)

    def begin(self, message: Any) -> Pending:
        """Begin a call."""
        method = self.method(message)
        if not isinstance(message, self.plain):
            return self.world.driver.begin(method)
        pending = Pending()
        try:
            pending.outcome = Returned(self.world.driver.now(method))
        except Fault:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it raises is the call's outcome
            pending.outcome = Raised(error)
        return pending

    def cancel(self, pending: Pending) -> None:
        """Cancel a call where it stands."""
        if isinstance(pending, Order):
            pending.asked = True
        self.world.driver.cancel(pending)

    def flavoured(self, method: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], Any]:
        """A coroutine function of the server's own, in the flavour of the implementation."""
        return (lambda: plainly(method())) if self.world.threads else method

    def hear_errors(self, listener: str, *arguments: Any) -> None:
        """Tell a listener of errors of one: as the kit's, where it comes of any of these."""
        errors = [each for argument in arguments if isinstance(argument, BaseException) for each in with_causes(argument)]
        known: list[Any] = [told for each in errors if (told := self.world.errors.told(each)) is not None]
        for told in known or [Failed(type=type(each).__name__, message=str(each)) for each in errors[:1]]:
            self.world.tell(listener, [msgspec.to_builtins(told)])
