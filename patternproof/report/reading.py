"""Reports read back, or refused with what to do."""

from __future__ import annotations

from pathlib import Path

import msgspec

from patternproof.outcome import AdapterError
from patternproof.report.json import SCHEMA, Report, decode


class _Head(msgspec.Struct):
    """What every version of a report begins with."""

    schema: int
    kit: str = "of an unknown version"


def read(path: Path) -> Report:
    """Read a report from its file, or from the folder that `patternproof run --report` was given.

    Raises:
        AdapterError: a usage error: there is none, or it is of a version that cannot be read.
    """
    file = path / "report.json" if path.is_dir() else path
    try:
        text = file.read_bytes()
    except OSError as error:
        raise AdapterError(f"{file}: no report can be read there: {error.strerror}; `patternproof run --report`") from error
    try:
        head = msgspec.json.decode(text, type=_Head)
    except msgspec.DecodeError as error:
        raise AdapterError(f"{file}: no report of patternproof: {error}") from error
    if head.schema != SCHEMA:
        todo = "install that version, or a later one" if head.schema > SCHEMA else "run the suite anew with this one"
        raise AdapterError(
            f"{file}: a report of schema {head.schema}, by patternproof {head.kit}; this version reads schema {SCHEMA}: {todo}"
        )
    try:
        return decode(text)
    except msgspec.DecodeError as error:
        raise AdapterError(f"{file}: not a whole report of schema {SCHEMA}: {error}") from error
