"""What readers rely on: one stem everywhere, and short modules."""

from __future__ import annotations

import ast
import re
import statistics
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from patternproof.adapter import load
from patternproof.modelling import separations
from patternproof.outcome import Way
from patternproof.patterns import PATTERNS, Pattern
from patternproof.requirements import catalogue
from tests.proof import OUT_OF_PROCESS

ROOT = Path(__file__).parent.parent
SOURCES = ("adapters", "benchmarks", "doubles", "patternproof", "reference", "scenarios", "tests")
STEM_IN = (
    "patternproof/ports/{}.py",
    "features/{}.feature",
    "tests/faulty/{}.py",
    "tests/odd/{}.py",
    "tests/reference/test_{}.py",
)
SCENARIO = ("events", "model", "deviations", "rig", "interleavings", "steps")
NAMES = {
    "scenarios.{}.events": ("EVENTS",),
    "scenarios.{}.model": ("complete",),
    "scenarios.{}.deviations": ("DEVIATIONS",),
    "scenarios.{}.rig": ("rig", "model", "SMOKE"),
    "scenarios.{}.interleavings": ("programs", "thread_programs"),
    "ports.{}": ("ARGUMENTS", "REQUIRED", "OPTIONAL"),
}
"""What the kit, or who reads it, looks for in a pattern's modules."""
REFERENCES = ("patternproof.reference.adapters.in_memory", "patternproof.reference.adapters.threads")
MOST_LINES = 400
MOST_LINES_OF_TESTS = 600
CATALOGUES = ("tests/faulty", "tests/odd")
"""Read one entry at a time, and as long as there are entries."""
MOST_MEDIAN_LINES = 150
MOST_BODY_LINES = 18
MOST_WORDS = 10
LEAST_WORDS_OF_A_TEST = 3
EXEMPTION = re.compile(r"# ?(?:noqa|type: ?ignore|pragma)\b")
CODE_AND_REASON = re.compile(r"# (?:noqa: |type: ignore\[|pragma: )[\w, -]+?\]? +(?:#|-) *\S+")
UNFINISHED = re.compile(r"# ?(?:TODO|FIXME|XXX)\b")

every_pattern = pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)


@cache
def sources(*folders: str) -> list[Path]:
    """The modules in folders; in all by default."""
    return [path for folder in folders or SOURCES for path in sorted((ROOT / folder).rglob("*.py"))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(*folders: str) -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sources(*folders):
        yield from ((path, node) for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def comments() -> Iterator[tuple[str, str]]:
    """Every comment, and where it stands."""
    for path in sources():
        with tokenize.open(path) as file:
            for token in tokenize.generate_tokens(file.readline):
                if token.type == tokenize.COMMENT:
                    yield f"{named(path)}:{token.start[0]}", token.string


@every_pattern
def test_a_pattern_has_its_files_under_one_stem_in_every_folder(pattern: Pattern) -> None:
    wanted = [*STEM_IN, *(f"scenarios/{{}}/{part}.py" for part in SCENARIO)]
    missing = [path for each in wanted if not (ROOT / (path := each.format(pattern.stem))).is_file()]
    assert missing == []
    assert (ROOT / "reference" / f"{pattern.stem}.py").is_file() or (ROOT / "reference" / pattern.stem / "__init__.py").is_file()


@every_pattern
def test_a_patterns_modules_have_the_names_that_are_looked_for(pattern: Pattern) -> None:
    missing = [
        f"{module}: {name}"
        for module, names in ((f"patternproof.{each.format(pattern.stem)}", names) for each, names in NAMES.items())
        for name in names
        if not hasattr(import_module(module), name)
    ]
    assert missing == []


def test_no_folder_has_a_stem_that_is_not_in_the_registry() -> None:
    features = {path.stem for path in (ROOT / "features").glob("*.feature")}
    ports = {path.stem for path in (ROOT / "patternproof" / "ports").glob("*.py")} - {"__init__", "frozen", "unsupported"}
    scenarios = {path.parent.name for path in (ROOT / "scenarios").glob("*/__init__.py")}
    assert features == ports == scenarios == set(PATTERNS)


@pytest.mark.parametrize("spec", REFERENCES)
def test_the_reference_has_every_factory_in_both_flavours(spec: str) -> None:
    reference = load(spec)
    assert [maker for pattern in PATTERNS.values() for maker in pattern.makers if not reference.has(maker)] == []


@cache
def deviations(stem: str) -> Mapping[str, Any]:
    made: Mapping[str, Any] = PATTERNS[stem].scenarios("model").complete().deviations
    return made


@pytest.mark.parametrize("requirement", catalogue().values(), ids=list(catalogue()))
def test_a_requirement_can_be_found_broken(requirement: Any) -> None:
    broken = {each.requirement for each in deviations(requirement.pattern).values()}
    assert requirement.ways == {Way.LOAD} or requirement.id in broken or Way.FEATURE in requirement.ways
    if requirement.ways & {Way.MACHINE, Way.INTERLEAVINGS} and requirement.claim not in OUT_OF_PROCESS:
        assert requirement.id in broken, "no history can exercise it without a deviation"


@every_pattern
def test_a_deviation_breaks_a_requirement_that_there_is_and_says_how(pattern: Pattern) -> None:
    for name, deviation in deviations(pattern.stem).items():
        assert name == deviation.name
        assert catalogue()[deviation.requirement].pattern == pattern.stem
        assert deviation.sentence


@every_pattern
def test_a_deviation_that_is_not_elusive_has_a_separating_history(pattern: Pattern) -> None:
    found = separations(pattern.scenarios("model").complete())
    assert [name for name, deviation in deviations(pattern.stem).items() if name not in found and not deviation.elusive] == []


@every_pattern
def test_a_requirement_has_a_wrong_implementation_that_fails_it(pattern: Pattern) -> None:
    registered = {identifier for each in import_module(f"tests.faulty.{pattern.stem}").FAULTY for identifier in each.violates}
    wanted = {each.id for each in catalogue().values() if each.pattern == pattern.stem and each.ways != {Way.LOAD}}
    out_of_process = {each.id for each in catalogue().values() if each.claim in OUT_OF_PROCESS}
    assert wanted - registered - out_of_process == set()


@every_pattern
def test_every_id_of_a_pattern_is_used_once_and_none_is_left_out(pattern: Pattern) -> None:
    numbers = sorted(int(each.id.partition("-")[2]) for each in catalogue().values() if each.pattern == pattern.stem)
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_module_begins_with_its_role_in_ten_words() -> None:
    roles = {named(path): (ast.get_docstring(tree(path)) or "").partition("\n")[0] for path in sources()}
    assert {name: role for name, role in roles.items() if not 0 < len(role.split()) <= MOST_WORDS or role[-1] not in ".?"} == {}


def test_no_module_is_long_but_for_catalogues() -> None:
    long = {named(path): lines(path) for path in sources() if lines(path) >= most_lines(named(path))}
    assert {name: count for name, count in long.items() if not name.startswith(CATALOGUES)} == {}


def most_lines(name: str) -> int:
    return MOST_LINES_OF_TESTS if name.startswith("tests/") else MOST_LINES


def test_most_modules_are_much_shorter() -> None:
    assert statistics.median(map(lines, sources())) < MOST_MEDIAN_LINES


def test_nine_functions_in_ten_have_18_lines_at_most() -> None:
    kit = [folder for folder in SOURCES if folder != "tests"]
    lengths = sorted(body_lines(function) for _, function in functions(*kit))
    assert lengths[len(lengths) * 9 // 10] <= MOST_BODY_LINES


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_an_exemption_carries_its_code_and_a_reason() -> None:
    bare = {place: comment for place, comment in comments() if EXEMPTION.match(comment) and not CODE_AND_REASON.match(comment)}
    assert bare == {}


def test_nothing_is_left_to_be_done() -> None:
    assert {place: comment for place, comment in comments() if UNFINISHED.match(comment)} == {}


def test_a_tests_name_is_a_sentence() -> None:
    names = {f"{named(path)}::{node.name}": node.name for path, node in functions("tests") if node.name.startswith("test_")}
    assert [place for place, name in names.items() if name.removeprefix("test_").count("_") + 1 < LEAST_WORDS_OF_A_TEST] == []
