"""A second process with the same adapter.

What several processes are to share is held against its requirement in two of them.

`Neighbour` is the side of the kit, `patternproof.processes.serving` what runs over there; they speak in the messages of
`patternproof.processes.messages`. The operations that the kit hands in stay on its side, where it holds and counts them.
"""

from __future__ import annotations

from patternproof.processes.messages import MadeThere
from patternproof.processes.neighbour import Neighbour, Remote, neighbour

__all__ = ["MadeThere", "Neighbour", "Remote", "neighbour"]
