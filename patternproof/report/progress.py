"""How far a run is, in place of pytest's output."""

from __future__ import annotations

import re
import sys
from collections import Counter
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

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
        self._errors = Console(stderr=True, highlight=False)
        self._config: pytest.Config | None = None
        self._nodeids: tuple[str, ...] = ()
        self._done: Counter[Group] = Counter()
        self._own: list[pytest.TestReport] = []
        self.interrupted = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._config = session.config
        if self._quiet:
            reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
            reporter._tw._file = self._kept  # noqa: SLF001  # plugins expect a reporter: it stays, and writes elsewhere

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._nodeids = self._nodeids or tuple(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._nodeids = tuple(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not is_kits(report.nodeid):
            self._own.append(report)
        if report.when == "teardown":
            group = _group(report.nodeid)
            self._done[group] += 1
            self._tell(group)

    def _tell(self, group: Group) -> None:
        if not self._quiet:
            return
        done, total = self._done[group], sum(_group(nodeid) == group for nodeid in self._nodeids)
        line = f"{group[0]}: {group[1]} {done}/{total}"
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
        console = Console(highlight=False)
        for report in self._own:
            console.print(Text(f"{report.nodeid.rpartition('::')[2]}\n{report.longreprtext}\n"), soft_wrap=True)
        show(run.verdicts(), console)
        if status == pytest.ExitCode.INTERNAL_ERROR and run.verdicts().exit != status:
            sys.stderr.write(self._kept.getvalue())


def _group(nodeid: str) -> Group:
    example, judged = _EXAMPLE.search(nodeid), _JUDGED.search(nodeid)
    pattern, part = (example[1], "features") if example else (judged[2], judged[1]) if judged else ("", "")
    return (PATTERNS[pattern].title, part) if pattern in PATTERNS else ("own features", pattern)
