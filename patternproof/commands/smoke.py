"""``patternproof smoke``: a broken adapter, or a broken implementation?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module

from rich.text import Text

from patternproof.adapter import Adapter, load
from patternproof.console import PlainConsole
from patternproof.outcome import AdapterError, NotOffered, Unavailable
from patternproof.requirements import nearest
from patternproof.settings import split
from patternproof.verdict import Exit

_ASYNC = "methods and operations are async"
_FLAVOUR = {"asyncio": _ASYNC, "live": _ASYNC, "threads": "methods and operations are plain functions"}
"""What is mixed up most often."""


def smoke(spec: str, patterns: Iterable[str]) -> int:
    """Make each implementation once, call it once, and say what works.

    Raises:
        AdapterError: the adapter cannot be loaded.
    """
    adapter = replace(load(spec), strict=True)
    adapter.versions()
    console = PlainConsole(highlight=False)
    broken = 0
    for pattern in _chosen(split(patterns), adapter.offered):
        try:
            import_module("patternproof.judge").smoke(adapter, pattern)
            console.print(Text(f"{pattern}: in order"))
        except (NotOffered, Unavailable) as error:
            console.print(Text(f"{pattern}: {error.status}: {error}"))
        except AdapterError as error:
            broken += 1
            console.print(Text(f"{pattern}: broken: {error}", "red"), soft_wrap=True)
            console.print(Text(f"  (RUNTIME is {adapter.runtime!r}: {_FLAVOUR[adapter.runtime]})"), soft_wrap=True)
    if adapter.remote is not None and not broken:
        broken += not _speaks_binding(adapter, console)
    console.print(Text(f"{adapter.name}: {'an adapter error' if broken else 'ready to run'}", "bold"))
    return Exit.ADAPTER if broken else Exit.CONFORMANT


def _speaks_binding(adapter: Adapter, console: PlainConsole) -> bool:
    """Whether a server answers as the document of the HTTP binding says, as far as generated requests tell."""
    from patternproof.binding.messages import PATTERNS
    from patternproof.binding.probing import probed  # the binding is imported only by who has a server
    from patternproof.binding.wire import Wire

    try:
        asked = sum(probed(Wire(adapter.spec), pattern) for pattern in adapter.offered if pattern in PATTERNS)
    except ImportError as error:
        console.print(Text(f"binding: not probed, since that needs {error.name}: pip install 'patternproof[http]'"))
    except AdapterError as error:
        console.print(Text(f"binding: broken: {error}", "red"), soft_wrap=True)
        return False
    else:
        console.print(Text(f"binding: in order, after {asked} requests"))
    return True


def _chosen(patterns: list[str], offered: tuple[str, ...]) -> list[str]:
    for pattern in patterns:
        if pattern not in offered:
            raise AdapterError(f"--pattern {pattern}: the adapter does not offer it; {nearest(pattern, offered)}")
    return patterns or list(offered)
