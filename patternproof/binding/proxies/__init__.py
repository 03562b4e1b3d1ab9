"""The implementations behind a server, as rigs know them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from patternproof.binding.messages import PATTERNS

PROXIES: dict[str, ModuleType] = {stem: import_module(f"{__name__}.{stem}") for stem in PATTERNS}
"""For each pattern ``make(driver, *arguments)``, as an adapter's factory of that name takes them."""
