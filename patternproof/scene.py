"""What the steps of one example share, whatever its pattern."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar

from patternproof.adapter import Adapter
from patternproof.culprits import culprits
from patternproof.drivers import Driver
from patternproof.history import History
from patternproof.moments import steps
from patternproof.outcome import Violation, check, premise


class JudgedScene:
    """One example, held to the requirement that it stands under; subclassed for each pattern.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem: ClassVar[str]
    """Of the pattern."""
    rig: Any
    """The rig of what the example is about; raises LookupError before a step has made it."""

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        self.adapter, self.driver, self._requirement = adapter, driver, requirement
        self.stack = ExitStack()
        """Closed with the example."""

    def close(self) -> None:
        """Clean up what the example has made."""
        self.stack.close()

    def expect(self, condition: object, expected: str, seen: object) -> None:
        """Hold the implementation to the example's requirement.

        Raises:
            Violation: the condition is false; of another requirement where that one explains it.
            AssertionError: the same in a feature of a team's own.
        """
        history = self._history()
        lines = history.lines() if history is not None else []
        message = f"expected {expected}; seen: {seen}"
        if not self._requirement:
            assert condition, "\n".join([message, *lines])
        elif condition:
            check(self._requirement, condition, message, lines)
        else:
            broken = self._broken()
            own = self._requirement in broken or not broken
            moments = steps(history) if history is not None else ()
            raise Violation(self._requirement if own else broken[0], message, lines, moments)

    def reach(self, condition: object, expected: str, seen: object) -> None:
        """Go on only where the situation that the example is about was reached.

        Raises:
            PremiseMissing: it was not.
            Violation: the same, where it is the example's own requirement that was in the way.
        """
        if not condition and self._requirement in self._broken():
            self.expect(False, expected, seen)
        premise(condition, f"expected {expected}; seen: {seen}")

    def _history(self) -> History | None:
        """What was done and seen so far."""
        history: History = self.rig.history
        return history

    def _is_beyond_model(self) -> bool:
        """Whether something has happened that the pattern's model cannot follow."""
        return False

    def _broken(self) -> list[str]:
        if not self._requirement or self._is_beyond_model():
            return []  # a team's own example is about no requirement
        history = self._history()
        return culprits(self.adapter, self.stem, history, self._requirement) if history is not None else []
