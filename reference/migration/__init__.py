"""What stands between old and new during a migration."""

from .bridge import EventBridge
from .errors import convert_error, restore_error
from .legacy import legacy_service, threaded_legacy_service
from .switch import StateSwitch
from .threads import ThreadedEventBridge, ThreadedStateSwitch

__all__ = [
    "EventBridge",
    "StateSwitch",
    "ThreadedEventBridge",
    "ThreadedStateSwitch",
    "convert_error",
    "legacy_service",
    "restore_error",
    "threaded_legacy_service",
]
