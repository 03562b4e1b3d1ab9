"""The options of a run, from wherever they were given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patternproof.outcome import AdapterError, Way
from patternproof.patterns import PATTERNS
from patternproof.profiles import DEFAULT, PROFILES
from patternproof.requirements import LEVELS, Requirement, catalogue, nearest


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the catalogue a run is about; empty sets select everything."""

    patterns: frozenset[str] = frozenset()
    requirements: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.patterns or self.requirements or self.levels)

    def __contains__(self, requirement: Requirement) -> bool:
        return (
            (not self.patterns or requirement.pattern in self.patterns)
            and (not self.requirements or requirement.id in self.requirements)
            and (not self.levels or requirement.level in self.levels)
        )

    def wants(self, pattern: str, *ways: Way) -> bool:
        """Whether any requirement of a pattern that is exercised in one of these ways is selected."""
        return any(each in self and each.pattern == pattern and each.ways & set(ways) for each in catalogue().values())

    def refuse_unless_offered(self, patterns: Iterable[str]) -> None:
        """Refuse to select nothing of what an adapter offers.

        Raises:
            AdapterError: a usage error: what was selected, and what is offered.
        """
        if not any(self.wants(pattern, *Way) for pattern in patterns):
            raise AdapterError(f"{self}: the adapter does not offer that; it offers {', '.join(patterns)}")

    def __str__(self) -> str:
        given = {"--pattern": self.patterns, "--requirement": self.requirements, "--level": self.levels}
        return ", ".join(f"{option} {name}" for option, names in given.items() for name in sorted(names))


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked for."""

    adapter: str
    profile: str = DEFAULT
    seed: int | None = None
    """None: the derandomised default, the same in every run."""
    report: Path | None = None
    """Folder that the report is written to; None: none is written."""
    junit: bool = False
    load: bool = False
    """Whether load is one of the ways."""
    selection: Selection = Selection()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from options by name, as typed; lists may be given with commas.

        Raises:
            AdapterError: a usage error: what was given, and what there is.
        """
        profile = values.get("profile") or DEFAULT
        if profile not in PROFILES:
            raise AdapterError(f"no profile {profile!r}; {nearest(profile, PROFILES)}")
        report = values.get("report")
        selected = selection(values.get("pattern") or (), values.get("requirement") or (), values.get("level") or ())
        load = bool(values.get("load"))
        if not load and not any(each in selected and each.ways != {Way.LOAD} for each in catalogue().values()):
            raise AdapterError(f"{selected}: only load exercises that: --with-load")
        return cls(
            adapter=str(values["adapter"]),
            profile=profile,
            seed=_seed(values.get("seed")),
            report=writable(Path(report)) if report else None,
            junit=bool(values.get("junit")),
            load=load,
            selection=selected,
        )


def selection(patterns: Iterable[str], requirements: Iterable[str], levels: Iterable[str]) -> Selection:
    """A selection, with every name looked up.

    Raises:
        AdapterError: a usage error: a name that selects nothing, and what there is.
    """
    found = Selection(
        _known(patterns, "--pattern", PATTERNS),
        _known((name.upper() for name in split(requirements)), "--requirement", catalogue()),
        _known(levels, "--level", LEVELS),
    )
    if found and not any(requirement in found for requirement in catalogue().values()):
        raise AdapterError(f"{found}: no requirement is all of that; `patternproof list` shows what there is")
    return found


def split(names: Iterable[str]) -> list[str]:
    """Names that may be given one by one or with commas."""
    return [part for name in names for part in name.replace(",", " ").split()]


def _known(names: Iterable[str], option: str, known: Iterable[str]) -> frozenset[str]:
    given = split(names)
    known = list(known)
    for name in given:
        if name not in known:
            raise AdapterError(f"{option} {name}: there is none; {nearest(name, known)}")
    return frozenset(given)


def _seed(value: Any) -> int | None:
    if value in (None, ""):
        return None
    try:
        return int(value)
    except ValueError as error:
        raise AdapterError(f"--seed {value}: a seed is a whole number") from error


def writable(folder: Path) -> Path:
    """The folder, made where it is missing, and tried before anything runs.

    Raises:
        AdapterError: a usage error: nothing can be written there.
    """
    trial = folder / ".patternproof"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_text("")
        trial.unlink()
    except OSError as error:
        raise AdapterError(f"--report {folder}: nothing can be written there: {error.strerror}") from error
    return folder.resolve()
