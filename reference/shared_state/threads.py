"""The shared state for threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, TypeVar

from patternproof.reference.shared_state.listeners import ErrorListener, Line, Listeners
from patternproof.reference.shared_state.versions import first, following, require

from patternproof.ports.shared_state import Listener, Remove, Snapshot, Updater

T = TypeVar("T")


class ThreadedSharedState:
    """As `SharedState`, for threads: updates wait for one another, and nobody waits for a listener.

    A listener is told in a thread of its own, which is there for as long as something waits to be told. Updaters run under the
    lock of the state: one that calls update() itself waits for ever.
    """

    def __init__(self, initial: Mapping[str, Any]) -> None:
        self._lock = threading.Lock()
        # Changed under the lock alone; the snapshot may be read by anybody at any time.
        self._snapshot = first(initial)
        self._listeners = Listeners()

    def get(self) -> Snapshot:
        """The latest version; it waits for nobody."""
        return self._snapshot

    def update(self, function: Updater[T]) -> T:
        """Change the data by ``function(data)``, as `SharedState.update` does."""
        return self._commit(function)

    def update_if(self, version: int, function: Updater[T]) -> T:
        """As `update`, where `version` is the latest one.

        Raises:
            VersionConflictError: it is not; the function was not called.
        """
        return self._commit(function, version)

    def _commit(self, function: Updater[T], version: int | None = None) -> T:
        with self._lock:
            if version is not None:
                require(self._snapshot, version)
            snapshot, result = following(self._snapshot, function)
            self._keep(snapshot)
            self._snapshot = snapshot
            lines = self._listeners.append(self._snapshot)
        for line in lines:
            threading.Thread(target=self._tell, args=(line,), name="shared state listener", daemon=True).start()
        return result

    def _keep(self, snapshot: Snapshot) -> None:
        """Put a version where it outlives this object, or raise; here nowhere."""

    def _tell(self, line: Line) -> None:
        while (snapshot := self._next(line)) is not None:
            try:
                line.listener(snapshot)
            except Exception as error:  # noqa: BLE001 - whatever a listener raises is its own affair
                self._listeners.report(error, snapshot)

    def _next(self, line: Line) -> Snapshot | None:
        with self._lock:
            return self._listeners.take(line)

    def add_listener(self, listener: Listener) -> Remove:
        """Tell ``listener(snapshot)``, a plain function, of every version from the next one on, in order."""
        with self._lock:
            line = self._listeners.add(listener)

        def remove() -> None:
            with self._lock:
                self._listeners.remove(line)

        return remove

    def add_error_listener(self, listener: ErrorListener) -> None:
        """Call ``listener(error)`` with the errors of listeners, which are logged besides."""
        with self._lock:
            self._listeners.add_error_listener(listener)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} version {self._snapshot.version}, {len(self._listeners)} listeners>"
