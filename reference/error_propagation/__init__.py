"""Components whose errors keep their context."""

from patternproof.reference.error_propagation.problems import NoProblemError, from_problem, to_problem
from patternproof.reference.error_propagation.tasks import Component
from patternproof.reference.error_propagation.threads import ThreadedComponent

__all__ = ["Component", "NoProblemError", "ThreadedComponent", "from_problem", "to_problem"]
