"""The resource manager for threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from patternproof.ports.resource_lifecycle import (
    CleanupError,
    Health,
    ResourceId,
    ResourceLifecycleSettings,
)

from .book import Book, Entry

_log = logging.getLogger(__name__)


class ThreadedResourceManager:
    """As `ResourceManager`, for threads; a context manager.

    A thread cannot be stopped. Where there is a limit the resource's method runs in a thread of its own, which is left to itself
    once that is over; an initialize() that ends after all is followed by a cleanup() there.
    """

    def __init__(self, settings: ResourceLifecycleSettings | None = None) -> None:
        self._settings = settings or ResourceLifecycleSettings()
        self._lock = threading.Lock()
        self._book = Book(self._settings)  # used under the lock alone, and never while something of a resource's runs
        # Set by the first cleanup: its thread, and whether it is over.
        self._cleaner: int | None = None
        self._cleaned = threading.Event()

    def register(
        self,
        id: ResourceId,
        resource: Any,
        depends_on: Sequence[ResourceId] = (),
    ) -> None:
        """Initialise a resource and keep it, as `ResourceManager.register` does."""
        needs = depends_on if isinstance(depends_on, str) else tuple(depends_on)
        with self._lock:
            reservation = self._book.reserve(id, resource, needs, threading.Event())
        entry = reservation.entry
        try:
            for each in reservation.awaited:
                each.settled.wait()
            with self._lock:
                self._book.require(needs)
            if reservation.replaced is not None:
                self._clean(reservation.replaced)
            self._initialize(entry)
        finally:
            with self._lock:
                self._book.release(entry)
            entry.settled.set()

    def _initialize(self, entry: Entry) -> None:
        run = _Run(entry.resource.initialize, f"to initialise {entry.id!r}", late=entry.resource.cleanup)
        try:
            run.within(self._settings.initialize_timeout)
            with self._lock:
                self._book.confirm(entry)
        except BaseException as error:
            if not run.is_left:
                try:
                    self._clean(entry)
                except Exception as failure:  # noqa: BLE001 - the error that came first is the one to raise
                    error.add_note(f"nor could {entry.id!r} be cleaned up: {failure!r}")
            raise

    def _clean(self, entry: Entry) -> None:
        _Run(entry.resource.cleanup, f"to clean up {entry.id!r}").within(self._settings.cleanup_timeout)

    def get(self, id: ResourceId) -> Any:
        """The resource that is registered under an id.

        Raises:
            ResourceNotFoundError: there is none, or it is still being initialised.
        """
        with self._lock:
            return self._book.find(id)

    def cleanup_all(self) -> None:
        """Clean up every resource, as `ResourceManager.cleanup_all` does."""
        with self._lock:
            entries = self._book.close() if self._cleaner is None else None
            self._cleaner = self._cleaner or threading.get_ident()
        if entries is not None:
            try:
                self._clean_all(entries)
            finally:
                self._cleaned.set()
        elif self._cleaner != threading.get_ident():  # a cleanup() that calls this would wait for itself
            self._cleaned.wait()

    def _clean_all(self, entries: list[Entry]) -> None:
        failures: dict[ResourceId, Exception] = {}
        fatal: BaseException | None = None
        for entry in entries:
            try:
                self._clean(entry)
            except Exception as error:  # noqa: BLE001 - whatever it raises, the others are to be cleaned up
                failures[entry.id] = error
            except BaseException as error:  # noqa: BLE001 - the same, and it is raised in the end
                fatal = fatal or error
        failed = CleanupError(failures) if failures else None
        if fatal is not None:
            raise fatal from failed
        if failed is not None:
            raise failed

    def health(self) -> dict[ResourceId, Health]:
        """Check every resource, one after the other, as `ResourceManager.health` does."""
        with self._lock:
            entries = self._book.registered()
        return {entry.id: self._check(entry) for entry in entries}

    def _check(self, entry: Entry) -> Health:
        try:
            healthy = _Run(entry.resource.is_healthy, f"to check {entry.id!r}").within(self._settings.health_timeout)
        except Exception as error:  # noqa: BLE001 - it is no more than unhealthy
            _log.warning("the check of resource %r failed: %r", entry.id, error)
            healthy = False
        if healthy:
            entry.restarts = 0
            return Health.HEALTHY
        with self._lock:
            restarts = entry.restarts < self._settings.restarts and self._book.withdraw(entry)
        if restarts:
            self._restart(entry)
        return Health.UNHEALTHY

    def _restart(self, entry: Entry) -> None:
        try:
            with suppress(Exception):  # it was unhealthy
                self._clean(entry)
            while entry.restarts < self._settings.restarts:
                entry.restarts += 1
                try:
                    self._initialize(entry)
                    return
                except Exception as error:  # noqa: BLE001 - it is no more than unhealthy
                    _log.warning("resource %r could not be initialised again: %r", entry.id, error)
        finally:
            with self._lock:
                self._book.release(entry)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cleanup_all()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._book}>"


class _Run:
    """One call of a resource's method.

    Args:
        function: the method.
        what: it is for, in the error.
        late: called after the method where that comes to its end, well or not, when nobody waits for it any more.
    """

    def __init__(self, function: Callable[[], Any], what: str, late: Callable[[], Any] | None = None) -> None:
        self._function, self._what, self._late = function, what, late
        self._lock = threading.Lock()
        # Changed under the lock alone.
        self._over = threading.Event()
        self.is_left = False
        """Whether nobody waits for it any more."""
        self._value: Any = None
        self._error: BaseException | None = None

    def within(self, limit: float | None) -> Any:
        """Call it, for so many seconds at most, and return or raise what it does.

        Raises:
            TimeoutError: it took longer.
        """
        if limit is None:
            return self._function()
        threading.Thread(target=self._run, name=f"resource manager {self._what}", daemon=True).start()
        self._over.wait(limit)
        with self._lock:
            self.is_left = not self._over.is_set()
        if self.is_left:
            raise TimeoutError(f"it took longer than {limit:g} s {self._what}")
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        try:
            self._value = self._function()
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            self._error = error
        with self._lock:
            self._over.set()
            left = self.is_left
        if left and self._late is not None:
            with suppress(Exception):  # nobody is there to be told
                self._late()
