"""The refusal of a setting that is not there."""

from __future__ import annotations


class Unsupported(Exception):
    """Raised by a factory for settings that the implementation does not have.

    Whatever needs one of these settings is then reported as *not offered*, by name, and never as passed.

    Args:
        *settings: names of fields of the pattern's settings, such as ``"success_threshold"``.
    """

    def __init__(self, *settings: str) -> None:
        super().__init__(*settings)
        self.settings = settings

    def __str__(self) -> str:
        return "the implementation has no setting " + ", ".join(repr(name) for name in self.settings)
