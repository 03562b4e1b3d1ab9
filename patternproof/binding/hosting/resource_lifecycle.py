"""Resource managers as a server has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.binding.hosting.errors_told import Teller
from patternproof.binding.hosting.host import Host
from patternproof.binding.hosting.scopes import Visitors
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import resource_lifecycle as messages
from patternproof.binding.messages.common import Circular, ClosedThere, Missing, Taken, TimedOut, Troubled, Uncleaned
from patternproof.binding.messages.settings import settings_of
from patternproof.binding.values import plain
from patternproof.drivers import Pending
from patternproof.flavour import resolved
from patternproof.ports.resource_lifecycle import (
    CleanupError,
    DependencyCycleError,
    DuplicateResourceError,
    ManagerClosedError,
    ResourceLifecycleSettings,
    ResourceNotFoundError,
)

if TYPE_CHECKING:
    from patternproof.binding.world import World


class ServedResource:
    """A resource of the kit's; its methods are functions of the kit's.

    Args:
        world: tells the kit of them.
        identifier: the resource's.
    """

    def __init__(self, world: World, identifier: str) -> None:
        self.identifier = identifier
        methods = (world.function(identifier, name) for name in ("initialize", "is_healthy", "cleanup"))
        self.initialize, self.is_healthy, self.cleanup = methods


class ResourceLifecycleHost(Host):
    """A resource manager."""

    plain = messages.PLAIN

    def __init__(self, world: World, made: Any, *_: Any) -> None:
        super().__init__(world, made)
        self._teller = Teller(world.errors)
        self._scopes = Visitors(self, "scope")
        self._resources: dict[str, ServedResource] = {}

    @staticmethod
    def arguments(world: World, message: messages.MakeManager) -> tuple[Any, ...]:
        return (settings_of(ResourceLifecycleSettings, message.settings),)

    def has(self, member: str) -> bool:
        leave = "__exit__" if self.world.threads else "__aexit__"
        return hasattr(type(self.made), leave) if member == "enter" else super().has(member)

    def begin(self, message: Any) -> Pending:
        match message:
            case messages.EnterManager(call=call):
                return self._scopes.enter(call, lambda: self.made)
            case messages.LeaveManager(scope=scope, error=error):
                return self._scopes.leave(scope, error)
        return super().begin(message)

    def method(self, message: Any) -> Callable[[], Any]:
        match message:
            case messages.RegisterResource(id=id, resource=name, depends_on=needs):
                resource = self._resources.setdefault(name, ServedResource(self.world, name))
                given = {"depends_on": needs} if needs else {}
                return partial(self.made.register, id, resource, **given)
            case messages.GetResource(id=id):
                return self.flavoured(partial(self._get, id))
        return self.made.health if isinstance(message, messages.CheckHealth) else self.made.cleanup_all  # type: ignore[no-any-return]  # of the implementation

    async def _get(self, id: str) -> Any:
        found = await resolved(self.made.get(id))
        for name, each in self._resources.items():
            if found is each or bool(found == each) or getattr(found, "identifier", None) == name:
                return {"resource": name}
        return plain(found)

    def outcome(self, error: BaseException) -> Outcome | None:
        match error:
            case ResourceNotFoundError(id=id):
                return Missing(what=str(id))
            case DuplicateResourceError():
                return Taken()
            case DependencyCycleError(ids=ids):
                return Circular(ids=[*map(str, ids)])
            case CleanupError(ids=ids):
                return Uncleaned(ids=[*map(str, ids)])
            case TimeoutError() if not self.world.errors.name(error):
                return TimedOut()
            case ManagerClosedError():
                return ClosedThere()
            case Exception():
                return Troubled(errors=self._teller.told(error))
        return None
