"""What the words in steps about migration mean."""

from __future__ import annotations

CALLS = {"waits": "waits", "returns": "returned", "raises the error": "raised", "ends as cancelled": "cancelled"}
"""What becomes of a direct call."""
TIMES = {"once": 1, "twice": 2}
"""How often an action has taken effect."""
