"""The state of one replica, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patternproof.ports.state_sync import Merge, SyncError, SyncResult

from .entries import Entry, are_in_conflict, covers, join, joined_seen
from .values import given, taken
from .wire import Reply, Request


@dataclass(slots=True)
class Progress:
    """What one sync has done so far."""

    pushed: set[str] = field(default_factory=set)
    pulled: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)
    conflicts: set[str] = field(default_factory=set)

    def result(self) -> SyncResult:
        """What is reported; a key that was changed on both sides is neither just pushed nor just pulled."""
        both = self.conflicts | self.merged
        plain = (frozenset(self.pushed - both), frozenset(self.pulled - both))
        return SyncResult(*plain, frozenset(self.merged), frozenset(self.conflicts))


class Local:
    """The entries of one replica, and what of them the store may lack.

    Args:
        writer: stands for this replica in version vectors; never used before.
        merge: decides conflicts; None: the later write does.
    """

    def __init__(self, writer: str, merge: Merge | None = None) -> None:
        self._writer = writer
        self._merge = merge
        # Changed by `write` and `take`, each in one go.
        self._entries: dict[str, Entry] = {}
        self._unpushed: dict[str, list[Entry | None]] = {}
        """Keys that the store may lack the entry of, with those that it may have instead: the last one that was common, and
        what was sent since."""
        self._time = 0
        self._writes = 0
        self._known = 0

    def __repr__(self) -> str:
        return f"<Local {self._writer}: {len(self._entries)} keys, {len(self._unpushed)} unpushed>"

    @property
    def has_unpushed(self) -> bool:
        """Whether the store may lack something."""
        return bool(self._unpushed)

    def read(self, key: str) -> Any:
        """The value of a key; None: it is not there."""
        entry = self._entries.get(key)
        return None if entry is None else given(entry.value)

    def contents(self) -> Mapping[str, Any]:
        """Every key with its value."""
        return {key: given(entry.value) for key, entry in self._entries.items() if entry.value is not None}

    def write(self, key: str, value: Any) -> None:
        """Set a key; None deletes it, which is remembered wherever the key was known.

        Raises:
            ValueError: JSON cannot hold the value, or the key is no text.
        """
        value = taken(key, value)
        before = self._entries.get(key)
        if value is None and (before is None or before.value is None):
            return
        self._unpushed.setdefault(key, [before])
        self._entries[key] = self._written(value, before)

    def _written(self, value: Any, *before: Entry | None) -> Entry:
        self._time += 1
        self._writes += 1
        return Entry(value, (self._time, self._writer), {**joined_seen(*before), self._writer: self._writes})

    def request(self) -> Request:
        """What to send to the store now."""
        changes = {key: self._entries[key] for key in self._unpushed}
        for key, entry in changes.items():
            if self._unpushed[key][-1] is not entry:
                self._unpushed[key].append(entry)
        return Request(self._known, changes, self._merge is not None)

    def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
        """Take in the reply to a request, whatever was written since; whether all conflicts are settled.

        Raises:
            SyncError: the merge function fails; nothing has been taken in.
        """
        before = (dict(self._entries), dict(self._unpushed), self._time, self._writes) if self._merge is not None else None
        try:
            return self._take(request, reply, progress)
        except SyncError:
            assert before is not None, "only the merge function raises it"
            self._entries, self._unpushed, self._time, self._writes = before
            raise

    def _take(self, request: Request, reply: Reply, progress: Progress) -> bool:
        refused = reply.conflicts if self._merge is not None else frozenset()
        self._time = max([self._time, *(entry.stamp[0] for entry in reply.changes.values())])
        for key, entry in request.changes.items():
            if key not in refused:
                self._acknowledge(key, entry)
                progress.pushed.add(key)
        for key, theirs in reply.changes.items():
            self._meet(key, theirs, key in reply.conflicts, progress)
        self._known = max(self._known, reply.count)
        return not refused

    def _acknowledge(self, key: str, pushed: Entry) -> None:
        """The store has an entry; what was written since is still unpushed."""
        if self._entries[key] == pushed:
            self._unpushed.pop(key, None)
        elif key in self._unpushed:
            self._unpushed[key] = [pushed]

    def _meet(self, key: str, theirs: Entry, conflict: bool, progress: Progress) -> None:
        ours = self._entries.get(key)
        conflict = conflict or are_in_conflict(ours, theirs)
        if self._merge is not None and ours is not None and are_in_conflict(ours, theirs):
            base = next((entry for entry in reversed(self._unpushed.get(key, [])) if covers(theirs, entry)), None)
            self._entries[key] = self._written(self._merged(key, base, ours, theirs), ours, theirs)
            self._unpushed[key] = [theirs]
            progress.merged.add(key)
            return
        self._entries[key] = join(ours, theirs)
        if covers(theirs, ours):
            self._unpushed.pop(key, None)
        if conflict:
            progress.conflicts.add(key)
        elif not covers(ours, theirs):
            progress.pulled.add(key)

    def _merged(self, key: str, *entries: Entry | None) -> Any:
        assert self._merge is not None, "there is a merge function where conflicts are kept"
        try:
            return taken(key, self._merge(*(None if entry is None else given(entry.value) for entry in entries)))
        except Exception as error:  # it is the user's, and may raise anything
            raise SyncError(f"the merge function failed for {key!r}: {error}") from error
