"""A terminal that no implementation can steer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
    r"\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"  # order text anew, or cannot be seen
)


def plain(text: str) -> str:
    """What an implementation said, with what steers a terminal, reorders text, or cannot stand in XML escaped."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


class PlainConsole(Console):
    """A console that shows any text as `plain` has it; styles are its own."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of what is printed, each with a text that steers nothing."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain(segment.text))
