"""What a team's test module imports.

Beside the import, ``ADAPTER = "my_project.adapter"`` says what to hold, unless an option or the ini file does.
"""

from __future__ import annotations

from os.path import relpath
from typing import TYPE_CHECKING

import pytest

from patternproof.examples import KitFeature
from patternproof.outcome import AdapterError, Way
from patternproof.plugin import USAGE, start
from patternproof.run import JUDGED, JudgedItem

if TYPE_CHECKING:
    from patternproof.run import Run

__all__ = ["test_histories", "test_features", "test_machine", "test_interleavings", "test_load"]  # noqa: RUF022  # the order they run in


def test_histories() -> None:
    """Stands for an item a pattern: the shortest histories that tell right from wrong."""


def test_features() -> None:
    """Stands for an item an example: the features of the patterns that the adapter offers."""


def test_machine() -> None:
    """Stands for an item a pattern: histories that nobody thought of, held against a model."""


def test_interleavings() -> None:
    """Stands for an item a pattern: invariants over schedules and cancellation points."""


def test_load() -> None:
    """Stands for an item a pattern, where it is asked for: many users at once."""


def collect(collector: pytest.Module, name: str) -> list[pytest.Item | pytest.Collector]:
    """The items that one of the functions above stands for, below the module that imported it.

    Raises:
        pytest.Collector.CollectError: there is no adapter, or it is not the run's.
    """
    try:
        run = start(collector.config, _adapter(collector))
    except AdapterError as error:
        raise collector.CollectError(f"{USAGE}{error}") from error
    if name == "test_features":
        return [_feature(collector, run, stem) for stem in run.patterns(Way.FEATURE)]
    part = name.removeprefix("test_")
    return [JudgedItem.of(collector, run, stem, part) for stem in run.patterns(JUDGED[part])]


def _adapter(collector: pytest.Module) -> str | None:
    """The adapter that a test module names; a file is looked for beside the module first."""
    given = getattr(collector.obj, "ADAPTER", None)
    beside = collector.path.parent / str(given)
    return relpath(beside) if given is not None and beside.is_file() else given


def _feature(collector: pytest.Module, run: Run, stem: str) -> KitFeature:
    feature: KitFeature = KitFeature.from_parent(collector, name=f"{stem}.feature")
    feature.stem = stem
    feature.run = run
    return feature
