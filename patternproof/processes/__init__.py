"""A second process that loads the same adapter, for what several processes share.

`Neighbour` is the side of the kit, `patternproof.processes.serving` what runs over there. The two speak in the messages below over
a pair of sockets. The operations that the kit hands in stay on its side, so that it holds and counts them as ever.
"""

from __future__ import annotations

from patternproof.processes.neighbour import Neighbour, Remote, neighbour

__all__ = ["Neighbour", "Remote", "neighbour"]
