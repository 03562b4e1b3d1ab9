"""Examples of features as pytest items, without glue code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from pytest_bdd.exceptions import GherkinParseError
from pytest_bdd.parser import FeatureParser, ScenarioTemplate, Step
from pytest_bdd.scenario import _execute_step_function, scenario_wrapper_template_registry
from pytest_bdd.utils import registry_get_safe

from patternproof.drivers import Hang
from patternproof.exercise import foreign, of_implementation
from patternproof.outcome import AdapterError, KitError, NoVerdict
from patternproof.requirements import catalogue, feature_file, parsed
from patternproof.steps import UndefinedStep, UnknownWord, definition, modules, see

if TYPE_CHECKING:
    from patternproof.run import Run

_REWRITTEN = "\nassert False"
"""What pytest adds to the text of an assertion of the kit's steps."""
_ID = re.compile(r"[A-Z]{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a feature, or one row of an outline."""

    name: str
    template: ScenarioTemplate
    row: Mapping[str, str]

    @property
    def tags(self) -> set[str]:
        """Its own tags, its Rule's and its feature's."""
        rule = self.template.rule.tags if self.template.rule is not None else set()
        return self.template.tags | rule | self.template.feature.tags

    @property
    def requirement(self) -> str:
        """The id of its Rule; empty where there is none."""
        rule = self.template.rule
        return next((tag for tag in sorted(rule.tags) if _ID.fullmatch(tag)), "") if rule is not None else ""


class _Parser(FeatureParser):
    """Keeps every example: pytest-bdd's own mapping by name drops all but the last of equal names."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path.parent), path.name)
        self.templates: list[ScenarioTemplate] = []

    def parse_scenario(self, *arguments: Any, **named: Any) -> ScenarioTemplate:
        template = super().parse_scenario(*arguments, **named)
        self.templates.append(template)
        return template


@cache
def examples(path: Path) -> tuple[Example, ...]:
    """The examples of a feature file, in its order.

    Raises:
        KitError: no Gherkin, no examples, or two of one name; file, line and text.
    """
    found: dict[str, Example] = {}
    for template in _templates(path):
        for example in _rows(template):
            if example.name in found:
                lines = f"{found[example.name].template.line_number} and {template.line_number}"
                raise KitError(f"{path}: two examples named {example.name!r}, at lines {lines}; give each a name of its own")
            if not example.template.steps:
                raise KitError(f"{path}:{template.line_number}: the example {example.name!r} has no steps")
            found[example.name] = example
    if not found:
        raise KitError(f"{path}: a feature without any example")
    return tuple(found.values())


def _templates(path: Path) -> list[ScenarioTemplate]:
    parser = _Parser(path)
    try:
        parser.parse()
    except GherkinParseError as error:
        parsed(path)  # says it better, where Gherkin's own grammar is what is broken
        raise KitError(f"{path}:{error.line}: {error.message}\n    {error.line_content.strip()}") from error
    except (OSError, ValueError, LookupError):
        parsed(path)  # no such file, no text, or no feature
        raise
    return parser.templates


def _rows(template: ScenarioTemplate) -> Iterator[Example]:
    requirement = Example("", template, {}).requirement
    if not template.templated:
        yield Example(_name(requirement, template.name), template, {})
    for table in template.examples:
        for row in table.as_contexts():
            values = {name: str(value) for name, value in row.items()}
            yield Example(f"{_name(requirement, template.name)}[{_name(*values.values())}]", template, values)


def _name(*parts: str) -> str:
    """A name that pytest's ``-k`` takes as one word."""
    return re.sub(r"[^\w.+]+", "-", " ".join(parts)).strip("-")


class ExampleItem(pytest.Function):
    """One example; where it is the kit's, the outcome of its requirement goes with its report."""

    example: Example
    run: Run | None = None
    step: Step | None = None
    """The step that ran last."""

    @property
    def requirement_id(self) -> str:
        """The id of the kit's requirement that it is credited to; empty for an example of a team's own."""
        return self.example.requirement if self.run is not None else ""

    @property
    def key(self) -> Any:
        """The same for the same exercise of the kit; of a team's own, the item itself."""
        return self if self.run is None else f"{catalogue()[self.requirement_id].pattern}/feature/{self.name}"

    @classmethod
    def of(cls, parent: Any, example: Example, run: Run | None = None) -> ExampleItem:
        """An item below a node."""
        item: ExampleItem = cls.from_parent(parent, name=example.name, callobj=_nothing)
        item.example, item.run = example, run
        return item

    def runtest(self) -> None:
        """Run the steps."""
        if self.run is not None:
            self.run.example(self, self._steps)
            return
        try:
            self._steps()
        except NoVerdict as error:
            raise pytest.skip.Exception(f"{error.status}: {error}", _use_item_location=True) from error

    def _steps(self) -> None:
        scenario = self.example.template.render(self.example.row)
        request = self._request
        found = [(step, definition(step, self)) for step in scenario.steps]
        self.ihook.pytest_bdd_before_scenario(request=request, feature=scenario.feature, scenario=scenario)
        try:
            for step, context in found:
                self.step = step
                with _words_known(step):
                    _execute_step_function(request, scenario, step, context)
        finally:
            self.ihook.pytest_bdd_after_scenario(request=request, feature=scenario.feature, scenario=scenario)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: object) -> Any:
        """The step that failed, and what was expected and seen; a traceback only through code that is not the kit's."""
        error, file = excinfo.value, self.example.template.feature.filename
        if self.run is not None:
            told = isinstance(error, pytest.fail.Exception | pytest.xfail.Exception)
            return str(error) if told else super().repr_failure(excinfo)  # `exercise.conclude` has told it
        if isinstance(error, UndefinedStep | AdapterError):
            return f"{file}: {error}"
        at = f"{file}:{self.step.line_number}: {self.step.type.capitalize()} {self.step.name}" if self.step else file
        if isinstance(error, AssertionError | Hang) and not of_implementation(error):
            return f"{at}\n{str(error).removesuffix(_REWRITTEN)}"
        error.add_note(f"in {at}")
        return super().repr_failure(excinfo)

    def _traceback_filter(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        """Without the kit's own frames, where there are others."""
        return excinfo.traceback.filter(lambda entry: foreign(Path(entry.path))) or super()._traceback_filter(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The place of the example in its feature."""
        return Path(self.example.template.feature.filename), self.example.template.line_number - 1, self.name


@contextmanager
def _words_known(step: Step) -> Iterator[None]:
    """Tell a word that the kit's steps do not know from whatever else is looked up in vain."""
    try:
        yield
    except LookupError as error:
        if type(error) is not LookupError or of_implementation(error):
            raise
        raise UnknownWord(f"line {step.line_number}: {step.type.capitalize()} {step.name}\n{error}") from error


def _nothing() -> None:
    """Stands for the test function that an example does not have."""


class FeatureFile(pytest.Module):
    """A feature file of a team."""

    def _getobj(self) -> ModuleType:
        return ModuleType(self.path.stem)

    def collect(self) -> Iterator[ExampleItem]:
        """An item for each example."""
        try:
            found = examples(self.path)
        except KitError as error:
            raise self.CollectError(str(error)) from error
        for example in found:
            item = ExampleItem.of(self, example)
            for tag in sorted(example.tags):
                item.add_marker(tag)
            yield item


class KitFeature(pytest.Collector):
    """A feature of the kit, below the test module that asks for it; its steps go before a team's of the same name."""

    stem: str
    run: Run

    def collect(self) -> Iterator[ExampleItem]:
        """An item for each example of a requirement that is selected."""
        see(self, modules())
        for example in examples(feature_file(self.stem)):
            requirement = catalogue()[example.requirement]
            if requirement in self.run.settings.selection:
                item = ExampleItem.of(self, example, self.run)
                item.add_marker(pytest.mark.patternproof(id=requirement.id, level=requirement.level))
                yield item


def without_doubles(items: list[pytest.Item]) -> list[pytest.Item]:
    """Items without those that a session has twice: the kit's under two modules, and features with glue code of their own."""
    glued = {(template.feature.filename, template.name) for item in items if (template := _glued(item)) is not None}
    kept: dict[Any, pytest.Item] = {}
    for item in items:
        example = item.example if isinstance(item, ExampleItem) and item.run is None else None
        if example is None or (example.template.feature.filename, example.template.name) not in glued:
            kept.setdefault(getattr(item, "key", item), item)
    return list(kept.values())


def _glued(item: pytest.Item) -> ScenarioTemplate | None:
    function = getattr(item, "function", None)
    return registry_get_safe(scenario_wrapper_template_registry, function)
