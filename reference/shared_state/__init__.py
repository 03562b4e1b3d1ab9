"""Shared states for asyncio and for threads."""

from patternproof.reference.shared_state.tasks import SharedState
from patternproof.reference.shared_state.threads import ThreadedSharedState

__all__ = ["SharedState", "ThreadedSharedState"]
