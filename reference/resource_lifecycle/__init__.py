"""Resource managers for asyncio and for threads."""

from patternproof.reference.resource_lifecycle.tasks import ResourceManager
from patternproof.reference.resource_lifecycle.threads import ThreadedResourceManager

__all__ = ["ResourceManager", "ThreadedResourceManager"]
