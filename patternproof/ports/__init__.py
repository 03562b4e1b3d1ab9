"""The interfaces that adapters implement, one module per pattern.

An adapter author imports nothing else of the kit. Everything here is a Protocol, a frozen dataclass or an exception class,
without a dependency beyond the standard library. Signatures are the asyncio flavour; under ``RUNTIME = "threads"`` the same
names are plain methods, and ``with`` stands for ``async with``. Every duration is in seconds.
"""

from patternproof.ports.unsupported import Unsupported

__all__ = ["Unsupported"]
