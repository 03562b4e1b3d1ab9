"""``patternproof run``: pytest underneath, with a report of its own."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NoReturn

import pytest

from patternproof.adapter import load
from patternproof.console import PlainConsole
from patternproof.outcome import AdapterError
from patternproof.report.progress import Progress
from patternproof.servers import running
from patternproof.settings import Settings
from patternproof.verdict import Exit
from patternproof.workers import ByPattern

ALIKE = 0.75
"""How alike a word of a keyword must be to one of a name, for the name to be proposed."""
_NO_AUTOLOAD = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
_KIT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was given."""

    adapter: str
    values: Mapping[str, Any]
    """The options of the plugin, by name."""
    keyword: str | None = None
    workers: str | None = None
    features: tuple[Path, ...] = ()
    servers: bool = False
    """Whether to start servers for the whole run."""


def run(options: Options, pytest_args: Sequence[str]) -> int:
    """Run the suite and give the exit code.

    Raises:
        AdapterError: a usage error, or one of the adapter.
        KitError: an error of the kit.
    """
    settings = Settings.of({**options.values, "adapter": options.adapter})
    adapter = load(settings.adapter)
    adapter.versions()
    settings.selection.refuse_unless_offered(adapter.offered)
    _refuse_what_is_missing(options)
    if adapter.remote is not None and options.workers is not None:
        raise AdapterError("-n: a server of the HTTP binding has one clock, so that one process at a time can use it")
    progress = Progress(quiet=not pytest_args)
    with _terminated_in_order(), _servers(options.servers), _plugins(lean=not pytest_args, workers=options.workers is not None):
        status = int(pytest.main([*_arguments(options), *pytest_args], plugins=[progress, ByPattern()]))
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        given = f"-- {shlex.join(pytest_args)}" if options.keyword is None else f"-k {options.keyword}"
        raise AdapterError(f"{given}: nothing is called so; {_alike(options.keyword or '', progress.collected)}")
    progress.finish(status)
    return Exit.INTERRUPTED if progress.interrupted else Exit.ADAPTER if status == pytest.ExitCode.USAGE_ERROR else status


def _alike(keyword: str, names: Sequence[str]) -> str:
    """What a keyword that selects nothing may have been meant for; examples first for a part of their words."""
    words = [word for word in re.split(r"\W+", keyword.lower()) if word and word not in {"and", "or", "not"}]
    scores = {name: max((_likeness(word, name.lower()) for word in words), default=0.0) for name in names}
    best = sorted((name for name in names if scores[name] >= ALIKE), key=lambda name: -scores[name])[:3]
    if best:
        return f"did you mean {' or '.join(map(repr, best))}?"
    return "names begin with the requirement's id, such as CB-07; --requirement and --pattern select without a name"


def _likeness(word: str, name: str) -> float:
    return max(SequenceMatcher(None, word, part).ratio() for part in re.split(r"[^\w]+", name))


def _refuse_what_is_missing(options: Options) -> None:
    for feature in options.features:
        if not feature.exists():
            raise AdapterError(f"--feature {feature}: there is no such file or folder")
        if feature.is_dir() and not any(feature.rglob("*.feature")):
            raise AdapterError(f"--feature {feature}: no .feature file in this folder")
    if options.workers is not None and importlib.util.find_spec("xdist") is None:
        raise AdapterError("-n needs pytest-xdist: pip install pytest-xdist")


@contextmanager
def _servers(wanted: bool) -> Iterator[None]:
    """Servers for this process and its workers, where wanted."""
    if not wanted:
        yield
        return
    with running() as missing:
        for reason in missing:
            PlainConsole(stderr=True, highlight=False, soft_wrap=True).print(f"patternproof: {reason}", markup=False)
        yield


@contextmanager
def _terminated_in_order() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C: the examples clean up what they have made, and the report tells of the part that ran."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _plugins(lean: bool, workers: bool) -> Iterator[None]:
    """Which plugins pytest loads, here and in worker processes: every one that is installed, or the few that a run needs.

    All that happen to be installed take seconds to import; only who hands arguments to pytest may want them.
    """
    needed = ["pytest_bdd.plugin", "patternproof.plugin", *(["xdist.plugin"] if workers else [])]
    if not lean:
        needed = [] if entry_points(group="pytest11", name="patternproof") else ["patternproof.plugin"]
    given = os.environ.get("PYTEST_PLUGINS", "")
    wanted = {"PYTEST_PLUGINS": ",".join(filter(None, [given, *needed]))} | ({_NO_AUTOLOAD: "1"} if lean else {})
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _arguments(options: Options) -> Iterator[str]:
    yield from ("-c", str(_KIT / "run.ini"), f"--rootdir={_KIT}", "-p", "no:cacheprovider")
    yield from ("--patternproof-adapter", options.adapter)
    for name, value in options.values.items():
        if name in ("junit", "load"):
            yield from [f"--patternproof-{name}"] if value else []
        elif value is not None:
            for each in value if isinstance(value, list) else [value]:
                yield from (f"--patternproof-{name}", str(Path(each).resolve() if name == "report" else each))
    yield from ("-k", options.keyword) if options.keyword is not None else ()
    yield from ("-n", options.workers) if options.workers is not None else ()
    yield from (str(_KIT / "conformance.py"), *(str(feature.resolve()) for feature in options.features))
