"""Runs every contest and prints one table."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from . import binding, circuit_breaker, connection_pool, event_bus, kit, resource_lifecycle, shared_state, state_sync
from .contest import Contest, Row, measured


def contests() -> Iterator[Contest]:
    """The kit comes last: its clocks stay in place."""
    yield from circuit_breaker.contests()
    yield from connection_pool.contests()
    yield from event_bus.contests()
    yield from resource_lifecycle.contests()
    yield from shared_state.contests()
    yield from state_sync.contests()
    yield from kit.contests()
    yield from binding.contests()
    yield from kit.whole_runs()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and never fail on a number."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too; times are in seconds")
    options = parser.parse_args(arguments)
    logging.disable()  # the kit makes listeners fail, and the reference says so
    rows: list[Row] = []
    try:
        for contest in contests():
            rows += measured(contest)
    finally:  # what was measured is worth having, whatever ended it
        Console(width=130, soft_wrap=True).print(table(rows))
        if options.json is not None:
            options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


def table(rows: Sequence[Row]) -> Table:
    """What was measured, for people."""
    caption = "time of the processor, medians; a ratio compares turns of the same round; a budget is for the ratio, or the time"
    shown = Table("what", box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    for heading in ("ours", "peer", "its", "ratio", "budget", "within"):
        shown.add_column(heading, justify="left" if heading == "peer" else "right", no_wrap=True)
    for row in rows:
        budget = _seconds(row.budget) if row.peer is None else _ratio(row.budget)
        within = {True: "yes", False: "NO", None: ""}[row.within]
        shown.add_row(row.what, _seconds(row.ours), row.peer or "", _seconds(row.theirs), _ratio(row.ratio), budget, within)
    return shown


def _ratio(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _seconds(number: float | None) -> str:
    if number is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number * 1e9:.3g} ns"


if __name__ == "__main__":
    main()
