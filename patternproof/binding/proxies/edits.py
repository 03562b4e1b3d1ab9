"""What a function does to data, found by running it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patternproof.binding.messages.shared_state import Add, Append, Edit, Set
from patternproof.binding.values import plain


class RecordingMapping(dict[str, Any]):
    """Takes down what is set in it: of a number by how much it grows, so that what grew it meanwhile is not undone.

    Args:
        data: a mapping of texts, numbers, lists and mappings.
        edits: where it is taken down.
        path: of the mapping.
    """

    def __init__(self, data: Mapping[str, Any], edits: list[Edit], path: tuple[str, ...] = ()) -> None:
        super().__init__({key: _recording(value, edits, (*path, key)) for key, value in data.items()})
        self._edits, self._path = edits, path

    def __setitem__(self, key: str, value: Any) -> None:
        path = [*self._path, key]
        before = self.get(key, 0)
        if isinstance(value, int) and isinstance(before, int):
            self._edits.append(Add(path=path, by=value - before))
        else:
            self._edits.append(Set(path=path, value=plain(value)))
        super().__setitem__(key, _recording(value, self._edits, tuple(path)))


class RecordingList(list[Any]):
    """Takes down what is appended to it."""

    def __init__(self, data: list[Any], edits: list[Edit], path: tuple[str, ...]) -> None:
        super().__init__(data)
        self._edits, self._path = edits, path

    def append(self, value: Any) -> None:
        self._edits.append(Append(path=[*self._path], value=value))
        super().append(value)


def _recording(value: Any, edits: list[Edit], path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return RecordingMapping(value, edits, path)
    return RecordingList(value, edits, path) if isinstance(value, list) else value
