"""The pytest plugin: options, and hooks that cost nothing unused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from patternproof.run import Run

PROPERTY = "patternproof"
"""Name of the user property that carries the outcomes of an item."""
OPTIONS = {
    "adapter": "module name or file of the adapter to hold against the requirements",
    "profile": "quick, standard (default) or thorough",
    "seed": "explore anew from this seed; without one every run is the same",
    "report": "folder to write report.json and report.html to",
    "pattern": "only this pattern; may be given several times, or with commas",
    "requirement": "only this requirement, such as CB-07; may be given several times, or with commas",
    "level": "only must, should or may; may be given several times, or with commas",
}
USAGE = "patternproof: "
"""How the text of a usage or adapter error begins."""
_LISTS = ("pattern", "requirement", "level")
_run = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("patternproof", "conformance of integration patterns")
    for name, help_text in OPTIONS.items():
        several: dict[str, Any] = {"action": "append"} if name in _LISTS else {}
        kind: Any = "args" if name in _LISTS else "string"
        group.addoption(f"--patternproof-{name}", dest=f"patternproof_{name}", metavar=name.upper(), help=help_text, **several)
        parser.addini(f"patternproof_{name}", help_text, type=kind, default=None)
    group.addoption("--patternproof-load", action="store_true", help="a short load on each pattern as well")
    group.addoption("--patternproof-junit", action="store_true", help="write junit.xml beside report.json, a test a requirement")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Controller(config), "patternproof-controller")
    config.addinivalue_line("markers", "patternproof(id, level): an example of a requirement of the conformance kit")
    if option(config, "adapter"):
        run = _start_or_exit(config)
        if not hasattr(config, "workerinput"):  # a worker of xdist is handed the arguments of its controller
            run.extend_arguments()
    elif any(argument.split("::")[0].endswith(".feature") for argument in config.args):
        _use_steps(config)


def _start_or_exit(config: pytest.Config) -> Run:
    from patternproof.outcome import AdapterError, KitError  # everything below is paid for only by who uses the kit

    try:
        return start(config)
    except AdapterError as error:
        pytest.exit(f"{USAGE}{error}", returncode=2)
    except KitError as error:
        pytest.exit(f"{USAGE}an error of the kit: {error}", returncode=3)


def option(config: pytest.Config, name: str) -> Any:
    """An option from the command line, or else from the ini file; None where neither says anything."""
    given = config.getoption(f"patternproof_{name}")
    return given if given else config.getini(f"patternproof_{name}") or None


def start(config: pytest.Config, adapter: str | None = None) -> Run:
    """The conformance run of this session; begun at its first use."""
    from patternproof.run import begin  # as above

    if _run not in config.stash:
        config.stash[_run] = begin(config, adapter)
        _use_steps(config)
    run: Run = config.stash[_run]
    run.same(adapter)
    return run


def current(config: pytest.Config) -> Run | None:
    """The run of this session, if one was begun."""
    return config.stash.get(_run, None)


def _use_steps(config: pytest.Config) -> None:
    from patternproof.steps import register  # as above

    register(config.pluginmanager)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".feature" or not (option(parent.config, "adapter") or parent.session.isinitpath(file_path)):
        return None
    from patternproof.examples import FeatureFile  # as above

    return FeatureFile.from_parent(parent, path=file_path)


def pytest_pycollect_makeitem(collector: pytest.Module, name: str, obj: object) -> list[pytest.Item | pytest.Collector] | None:
    if not name.startswith("test_") or getattr(obj, "__module__", "") != "patternproof.conformance":
        return None
    from patternproof.conformance import collect  # as above

    return collect(collector, name)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _run in config.stash:
        from patternproof.examples import without_doubles  # as above

        items[:] = without_doubles(items)


class Controller:
    """What only the process that sees all reports does."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._refused = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = [str(value) for name, value in report.user_properties if name == PROPERTY]
        if told:
            from patternproof.exercise import Exercise  # as above

            exercise = Exercise.decode(told[-1])
            start(self._config, exercise.adapter).record(exercise)
        elif report.failed and _run in self._config.stash:
            self._config.stash[_run].unreported(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._refused |= report.longreprtext.startswith(USAGE)
            if _run in self._config.stash:
                self._config.stash[_run].uncollected(report)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._select([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._select(ids)

    def _select(self, nodeids: list[str]) -> None:
        if _run in self._config.stash:
            self._config.stash[_run].select(nodeids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._refused:
            session.exitstatus = 2
        elif _run in self._config.stash and not self._config.option.collectonly:
            session.exitstatus = self._config.stash[_run].finish(int(session.exitstatus))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        run = current(self._config)
        if run is not None and run.selected and not self._config.option.collectonly:
            from patternproof.report.terminal import summary  # as above

            summary(run.verdicts(), terminalreporter)
