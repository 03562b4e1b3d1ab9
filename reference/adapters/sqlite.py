"""The reference state in a SQLite file, for threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from patternproof.reference.shared_state.sqlite import SqliteSharedState

from patternproof.ports.shared_state import SharedStateSettings

RUNTIME = "threads"
CLAIMS = {"compare_and_set", "persistent"}


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> Iterator[SqliteSharedState]:
    with TemporaryDirectory(prefix="patternproof-state-") as folder:
        state = SqliteSharedState(settings.store or str(Path(folder) / "state"), initial)
        yield state
        state.close()
