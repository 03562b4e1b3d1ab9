"""A stand-in for the judge: the adapter says what breaks."""

from __future__ import annotations

from patternproof.adapter import Adapter
from patternproof.outcome import AdapterError, Outcome, Status, Way

_IDS = {"run_histories": ("CB-01", "CB-03"), "run_machine": ("CB-01", "CB-03"), "run_interleavings": ("CB-02",)}


def _run(adapter: Adapter, name: str, way: Way) -> list[Outcome]:
    broken = getattr(adapter.module, "BROKEN", ())
    if name in getattr(adapter.module, "CRASHES", ()):
        raise ZeroDivisionError("of the judge")
    return [
        Outcome(each, way, Status.FAILED, "expected 1 run, seen 2", ("given the defaults", "1. call 0 begins", "2. it ends"), 4)
        if each in broken
        else Outcome(each, way, Status.PASSED, exercised=4)
        for each in _IDS[name]
    ]


def run_histories(adapter: Adapter, pattern: str, profile: str, seed: int | None) -> list[Outcome]:
    """As the kit's."""
    return _run(adapter, "run_histories", Way.MACHINE)


def run_machine(adapter: Adapter, pattern: str, profile: str, seed: int | None) -> list[Outcome]:
    """As the kit's."""
    return _run(adapter, "run_machine", Way.MACHINE)


def run_interleavings(adapter: Adapter, pattern: str, profile: str, seed: int | None) -> list[Outcome]:
    """As the kit's."""
    return _run(adapter, "run_interleavings", Way.INTERLEAVINGS)


def replay(adapter: Adapter, token: str) -> list[Outcome]:
    """As the kit's."""
    return _run(adapter, "run_machine", Way.MACHINE)


def smoke(adapter: Adapter, pattern: str) -> None:
    """As the kit's."""
    if "smoke" in getattr(adapter.module, "CRASHES", ()):
        raise AdapterError("call() returned before its operation had ended; await the operation")


def examples(requirement_id: str) -> list[tuple[str, list[str]]]:
    """As the kit's."""
    lines = ["given the defaults", "1. call 0 begins", "2. it ends"]
    return [("the operation runs twice", lines)] if requirement_id == "CB-01" else []
