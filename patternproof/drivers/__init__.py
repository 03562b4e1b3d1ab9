"""Drivers: how a call is started, held, cancelled and timed."""

from patternproof.drivers.base import (
    Cancelled,
    Driver,
    Hang,
    Operation,
    Outcome,
    Pending,
    Raised,
    Returned,
)
from patternproof.drivers.tools import OF_THE_TOOLS

__all__ = ["OF_THE_TOOLS", "Cancelled", "Driver", "Hang", "Operation", "Outcome", "Pending", "Raised", "Returned"]
