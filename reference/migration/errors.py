"""Old errors as new ones, and back."""

from __future__ import annotations

from patternproof.ports.error_propagation import ComponentError, Kind
from patternproof.ports.migration import LegacyCode, LegacyError

KINDS: dict[int, Kind] = {
    LegacyCode.NOT_FOUND: Kind.RESOURCE_NOT_FOUND,
    LegacyCode.DENIED: Kind.PERMISSION_DENIED,
    LegacyCode.FAILED: Kind.OPERATION_FAILED,
    LegacyCode.DOWNSTREAM: Kind.DEPENDENCY_ERROR,
    LegacyCode.LOST: Kind.DEPENDENCY_ERROR,
}
"""By old code, the new kind; of every other code it is unexpected."""
CODES: dict[str, LegacyCode] = {
    Kind.RESOURCE_NOT_FOUND: LegacyCode.NOT_FOUND,
    Kind.PERMISSION_DENIED: LegacyCode.DENIED,
    Kind.OPERATION_FAILED: LegacyCode.FAILED,
    Kind.DEPENDENCY_ERROR: LegacyCode.DOWNSTREAM,
}
"""By new kind, the old code; of every other kind it is that of an internal error."""
COMPONENT = "legacy"


class ConvertedError(ComponentError):
    """A new error that was an old one, which is its cause: so nothing of that is lost, whatever its type.

    Args:
        original: the old error.
    """

    def __init__(self, original: BaseException) -> None:
        code = original.code if isinstance(original, LegacyError) else None
        kind = Kind.UNEXPECTED if code is None else KINDS.get(code, Kind.UNEXPECTED)
        super().__init__(kind, _sentence(original), COMPONENT, "")
        self.original = original
        self.__cause__ = original


def convert_error(error: BaseException) -> ComponentError:
    """Make a new error of an old one.

    Args:
        error: any; a new one stays as it is.
    """
    return error if isinstance(error, ComponentError) else ConvertedError(error)


def restore_error(error: BaseException) -> BaseException:
    """Make the old error of a new one.

    Args:
        error: what was converted becomes the very error that it was; any other new error one of the old type, with itself as
            its cause.
    """
    if isinstance(error, ConvertedError):
        return error.original
    kind = error.kind if isinstance(error, ComponentError) else Kind.UNEXPECTED
    made = LegacyError(CODES.get(kind, LegacyCode.INTERNAL), _sentence(error))
    made.__cause__ = error
    return made


def _sentence(error: BaseException) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001  # the text of somebody else's error may do anything
        return type(error).__name__
