"""The reference state in a SQLite file, for threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from patternproof.reference.shared_state.sqlite import SqliteSharedState

from patternproof.ports.shared_state import SharedStateSettings

RUNTIME = "threads"
CLAIMS = {"compare_and_set", "persistent"}


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> Iterator[SqliteSharedState]:
    with _file(settings.store) as file:
        state = SqliteSharedState(file, initial)
        yield state
        state.close()


@contextmanager
def _file(given: str | None) -> Iterator[str]:
    """A file that is given stays; whoever has one may be killed, and would leave a folder of its own behind."""
    if given is not None:
        yield given
        return
    with TemporaryDirectory(prefix="patternproof-state-") as folder:
        yield str(Path(folder) / "state")
