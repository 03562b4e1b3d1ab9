"""How far a run is, in place of pytest's output."""

from __future__ import annotations

import re
import sys
from collections import Counter
from io import StringIO
from typing import Any

import pytest
from rich.text import Text

from patternproof.console import PlainConsole, plain
from patternproof.patterns import PATTERNS
from patternproof.plugin import current
from patternproof.report.terminal import show
from patternproof.run import is_kits

_EXAMPLE = re.compile(r"::(\w+)\.feature::")
_JUDGED = re.compile(r"::test_(\w+)\[(\w+)\]$")
Group = tuple[str, str]


class Progress:
    """A pytest plugin that says how far the run is, on standard error, and shows the verdicts at the end.

    Args:
        quiet: keep pytest's own output back, but for errors of its own.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._kept = StringIO()
        self._errors = PlainConsole(stderr=True, highlight=False)
        self._config: pytest.Config | None = None
        self._nodeids: tuple[str, ...] = ()
        self._done: Counter[Group] = Counter()
        self._own = Own()
        self.interrupted = False
        self.collected: tuple[str, ...] = ()
        """Names of everything that was there before any selection by keyword."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._config = session.config
        if self._quiet:
            reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
            reporter._tw._file = self._kept  # noqa: SLF001  # plugins expect a reporter: it stays, and writes elsewhere

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.collected = tuple(item.name for item in items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._nodeids = self._nodeids or tuple(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._nodeids = tuple(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not is_kits(report.nodeid):
            self._own.take(report)
        if report.when == "teardown":
            group = _group(report.nodeid)
            self._done[group] += 1
            self._tell(group)

    def _tell(self, group: Group) -> None:
        if not self._quiet:
            return
        done, total = self._done[group], sum(_group(nodeid) == group for nodeid in self._nodeids)
        line = f"{group[0]} {group[1]} {done}/{total}"
        if self._errors.is_terminal:
            self._errors.print(Text(line.ljust(60)), end="\r" if done < total else "\n")
        elif done == total:
            self._errors.print(Text(line))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.interrupted = excinfo.type is KeyboardInterrupt
        if self.interrupted:
            self._errors.print(Text("interrupted: what follows is about the part that ran"))

    def finish(self, status: int) -> None:
        """Show the verdicts, and what pytest had to say where it failed by itself."""
        run = current(self._config) if self._config is not None else None
        if not self._quiet or run is None:
            sys.stderr.write(self._kept.getvalue())
            return
        console = PlainConsole(highlight=False)
        self._own.show_failures(console)
        if run.selected or not self._own.counts:
            show(run.verdicts(), console)
        self._own.show_counts(console)
        if status == pytest.ExitCode.INTERNAL_ERROR and run.verdicts().exit != status:
            sys.stderr.write(self._kept.getvalue())


def _group(nodeid: str) -> Group:
    example, judged = _EXAMPLE.search(nodeid), _JUDGED.search(nodeid)
    pattern, part = (example[1], "features") if example else (judged[2], judged[1]) if judged else ("", "")
    return (f"{PATTERNS[pattern].title}:", part) if pattern in PATTERNS else ("own", "features")


class Own:
    """What a team's own examples came to."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._failures: list[tuple[str, str]] = []
        self._skips: dict[str, list[str]] = {}

    def take(self, report: pytest.TestReport) -> None:
        """Take in the report of one phase of an example."""
        name = report.nodeid.rpartition("::")[2]
        if report.failed:
            self._failures.append((name, report.longreprtext))
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            self._skips.setdefault(reason.removeprefix("Skipped: "), []).append(name)
        if report.failed or report.skipped or report.when == "call":
            self.counts[report.outcome] += 1

    def show_failures(self, console: PlainConsole) -> None:
        """Each failure whole, then why examples were skipped."""
        for name, text in self._failures:
            console.print(Text(f"{name} (of your own)", "bold red"))
            console.print(Text(f"{plain(text)}\n"), soft_wrap=True)
        for reason, names in self._skips.items():
            console.print(Text(f"skipped: {', '.join(names)}: {plain(reason)}\n"), soft_wrap=True)

    def show_counts(self, console: PlainConsole) -> None:
        """How many there were of each outcome."""
        if self.counts:
            told = " + ".join(
                f"{self.counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped") if self.counts[outcome]
            )
            style = "bold red" if self.counts["failed"] else "bold green"
            console.print(Text(f"own features: {told}; they count for no requirement", style))
