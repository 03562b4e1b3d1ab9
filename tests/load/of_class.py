"""An adapter of the one implementation that OF_CLASS names.

``tests.faulty.event_bus:DeliversTwice:event_bus``; what it claims, if anything, follows after further colons.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from patternproof.patterns import PATTERNS

_MODULE, NAME, _STEM, *_claims = os.environ["OF_CLASS"].split(":")
CLAIMS = {*_claims}
_CLASS: Callable[..., Any] = getattr(import_module(_MODULE), NAME)


def _made(*arguments: Any) -> Any:
    made = _CLASS(*arguments)
    return _opened(made) if _STEM in (*PATTERNS["workflows"].parts, "event_bridge") and hasattr(made, "open") else made


async def _opened(made: Any) -> Any:
    await made.open()
    return made


globals()[_STEM] = _made
