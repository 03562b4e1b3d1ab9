"""The threads that are the test tools' own."""

from __future__ import annotations

import threading
from weakref import WeakSet

OF_THE_TOOLS = WeakSet(threading.enumerate())
"""Those that were there when the drivers were imported, which is before any adapter is."""
