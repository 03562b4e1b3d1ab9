"""The message service, for asyncio and for threads."""

from .tasks import MessageService
from .threads import ThreadedMessageService

__all__ = ["MessageService", "ThreadedMessageService"]
