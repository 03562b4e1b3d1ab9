"""``patternproof run --replay``: one history, exactly as it was."""

from __future__ import annotations

from importlib import import_module

from rich.text import Text

from patternproof.adapter import load
from patternproof.console import PlainConsole
from patternproof.report.terminal import show_failures
from patternproof.requirements import catalogue
from patternproof.verdict import verdicts


def replay(spec: str, token: str) -> int:
    """Do a history again, and say what fails in it.

    Raises:
        AdapterError: the adapter cannot be loaded, or the token is not of this version of the kit.
    """
    adapter = load(spec)
    found = verdicts(catalogue(), import_module("patternproof.judge").replay(adapter, token), adapter, ["one history replayed"])
    console = PlainConsole(highlight=False)
    show_failures(found, console)
    failed = [each.requirement.id for each in found.verdicts if each.failures]
    console.print(Text(f"{adapter.name}: {', '.join(failed) or 'nothing'} failed in this history", "bold"))
    return found.exit
