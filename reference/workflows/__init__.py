"""The reference workflows, for asyncio and for threads."""

from .tasks import CoreComponent, GuardedClient, LocalComponent, UiComponent, WorkingSystem
from .threads import (
    ThreadedCoreComponent,
    ThreadedGuardedClient,
    ThreadedLocalComponent,
    ThreadedUiComponent,
    ThreadedWorkingSystem,
)

__all__ = [
    "CoreComponent",
    "GuardedClient",
    "LocalComponent",
    "ThreadedCoreComponent",
    "ThreadedGuardedClient",
    "ThreadedLocalComponent",
    "ThreadedUiComponent",
    "ThreadedWorkingSystem",
    "UiComponent",
    "WorkingSystem",
]
