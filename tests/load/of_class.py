"""An adapter of the one implementation that OF_CLASS names.

``tests.faulty.event_bus:DeliversTwice:event_bus``; what it claims, if anything, follows after further colons.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

_MODULE, NAME, _STEM, *_claims = os.environ["OF_CLASS"].split(":")
CLAIMS = {*_claims}
_CLASS: Callable[..., Any] = getattr(import_module(_MODULE), NAME)


def _made(*arguments: Any) -> Any:
    return _CLASS(*arguments)


globals()[_STEM] = _made
