"""Finding the one definition of a step."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from importlib.util import find_spec
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from pytest_bdd.compat import get_fixture_names, getfixturedefs
from pytest_bdd.parser import Step
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from patternproof import fixtures, time_steps
from patternproof.outcome import KitError
from patternproof.patterns import PATTERNS


class UndefinedStep(KitError):
    """No definition, or more than one, for a step of a feature."""


class UnknownWord(UndefinedStep):
    """A step that is defined, with a word in it that is not."""


def modules() -> list[ModuleType]:
    """The steps of every pattern that has any, and the fixtures that they use."""
    present = [pattern for pattern in PATTERNS.values() if find_spec(f"patternproof.scenarios.{pattern.stem}") is not None]
    written = [pattern for pattern in present if find_spec(f"patternproof.scenarios.{pattern.stem}.steps") is not None]
    return [fixtures, time_steps, *(pattern.scenarios("steps") for pattern in written)]


def register(plugins: pytest.PytestPluginManager) -> None:
    """Make the steps of all patterns known to every feature of a session."""
    for module in modules():
        if not plugins.is_registered(module):
            plugins.register(module, f"patternproof-{module.__name__}")


def see(node: pytest.Collector, holders: list[ModuleType]) -> None:
    """Make the steps and fixtures of modules known to one node, before any other of the same names."""
    manager = node.session._fixturemanager  # noqa: SLF001  # pytest has no public way; pytest-bdd goes this one too
    for module in holders:
        manager.parsefactories(holder=module, node=node)


def definition(step: Step, item: pytest.Item) -> StepFunctionContext:
    """The one definition of a step that an item sees; one in a conftest goes before the kit's.

    Raises:
        UndefinedStep: there is none, or there are several of equal standing; the nearest known steps, or where they are.
    """
    found: dict[int, tuple[int, StepFunctionContext]] = {}
    for depth, context in _visible(item):
        if context.type in (None, step.type) and context.parser.is_matching(step.name):
            found[id(context)] = (depth, context)
    if not found:
        raise UndefinedStep(_undefined(step, item))
    deepest = max(depth for depth, _ in found.values())
    nearest = [context for depth, context in found.values() if depth == deepest]
    if len(nearest) > 1:
        places = ", ".join(f"{context.parser.name!r} in {context.step_func.__module__}" for context in nearest)
        raise UndefinedStep(f"line {step.line_number}: the step {str(step)!r} is ambiguous: {places}")
    return nearest[0]


_seen: WeakKeyDictionary[Any, list[tuple[int, StepFunctionContext]]] = WeakKeyDictionary()


def _visible(item: pytest.Item) -> list[tuple[int, StepFunctionContext]]:
    """Every step definition that an item sees, with how near to it that is defined; its siblings see the same."""
    if item.parent not in _seen:
        _seen[item.parent] = list(_look(item))
    return _seen[item.parent]


def _look(item: Any) -> Iterator[tuple[int, StepFunctionContext]]:
    manager = item.session._fixturemanager  # noqa: SLF001  # as above
    for name in get_fixture_names(fixturemanager=manager):
        if name.startswith("pytestbdd_stepdef"):
            for depth, fixture in enumerate(getfixturedefs(manager, name, item) or ()):
                context = step_function_context_registry.get(fixture.func)
                if context is not None:
                    yield depth, context


def _of_tool(context: StepFunctionContext) -> bool:
    return context.step_func.__module__.startswith("pytest_bdd")


def _undefined(step: Step, item: pytest.Item) -> str:
    contexts = [context for _, context in _visible(item) if not _of_tool(context)]
    known = sorted({f"{(context.type or 'step').capitalize()} {context.parser.name}" for context in contexts})
    written = f"{step.type.capitalize()} {step.name}"
    near = get_close_matches(written, known, n=3, cutoff=0.5)
    hint = "\n".join(["the nearest known steps:", *(f"    {each}" for each in near)]) if near else "no known step is like it"
    return f"line {step.line_number}: undefined step: {written}\n{hint}"
