"""What led to an error."""

from __future__ import annotations

from collections.abc import Iterator


def with_causes(error: BaseException) -> Iterator[BaseException]:
    """An error, those that it groups, and those that led to it."""
    yield error
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from with_causes(inner)
    for cause in (error.__cause__, error.__context__):
        if cause is not None:
            yield from with_causes(cause)
