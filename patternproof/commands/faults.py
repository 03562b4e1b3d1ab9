"""What is said when the kit itself breaks down."""

from __future__ import annotations

import traceback

from rich.console import Console

from patternproof.outcome import KitError
from patternproof.report.failure import please_report
from patternproof.verdict import Exit


def told(error: Exception, errors: Console) -> Exit:
    """Say that an error is the kit's, and give the exit code."""
    traceback.print_exception(error)
    what = str(error) if isinstance(error, KitError) else f"{type(error).__name__}: {error}"
    errors.print(f"patternproof: an error of the kit, not of the adapter or the implementation: {what}", markup=False)
    errors.print(please_report(), markup=False)
    return Exit.KIT
