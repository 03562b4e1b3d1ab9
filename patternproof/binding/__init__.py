"""The HTTP binding, for implementations in any language.

`messages` is what passes, `openapi.json` the same for people and tools. `world` and `server` are the side of the implementation,
with any Python adapter behind them; `wire` and `patternproof.drivers.remote` are the kit's.
"""

VERSION = 1
"""Of the binding; a server of another one is refused."""
