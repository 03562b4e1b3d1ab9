"""An adapter module, as loaded and checked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import ModuleType, SimpleNamespace
from typing import Any

from patternproof import members
from patternproof.drivers import Driver
from patternproof.factories import Factory
from patternproof.importing import imported
from patternproof.outcome import AdapterError, NotOffered
from patternproof.patterns import PATTERNS, owner, reference
from patternproof.requirements import catalogue, nearest

RUNTIMES = ("asyncio", "threads", "live")
_SETTINGS = ("RUNTIME", "CLAIMS", "KNOWN_FAILURES", "SCALE", "SETTLE", "NAME", "ADAPTS")
_SLIP = 0.88
"""How alike a name must be to one that the kit looks for, to count as a slip of the finger."""


@dataclass(frozen=True)
class Adapter:
    """One adapter module."""

    spec: str
    """As given: a module's name or the path of a file."""
    name: str
    module: ModuleType | SimpleNamespace = field(repr=False, compare=False)
    runtime: str = "asyncio"
    claims: frozenset[str] = frozenset()
    known_failures: Mapping[str, str] = field(default_factory=dict)
    """Reasons by requirement id."""
    adapts: tuple[str, ...] = ()
    """Distributions whose versions go into the report."""
    scale: float | None = None
    """Under ``"live"``: real seconds in a second of the examples; None: the driver's own default."""
    settle: float | None = None
    """Under ``"live"``: real seconds of quiet after which all counts as settled; None: the driver's own default."""
    versions_there: Mapping[str, str] | None = None
    """Of what a server over HTTP adapts, as it says; None: it is adapted here."""
    remote: Callable[[], Driver] | None = None
    """Gives a new driver that reaches a server over HTTP; None: the implementation is here."""
    strict: bool = False
    """Whether a clean-up that fails or does not end is an error: not while calls may be in flight, which the driver's own end
    sees to."""

    @property
    def offered(self) -> tuple[str, ...]:
        """Stems of the patterns of which anything can be made, in the order of the registry."""
        return tuple(stem for stem, pattern in PATTERNS.items() if not all(map(self.lacks, pattern.factories)))

    def has(self, factory: str) -> bool:
        """Whether the module has a function of this name."""
        return callable(getattr(self.module, factory, None))

    def lacks(self, factory: str) -> tuple[str, ...]:
        """What it would take to make something, by this factory or by the reference's over parts of the module's own."""
        over = () if self.has(factory) else owner(factory).parts.get(factory) or (factory,)
        return tuple(each for each in over if not self.has(each))

    def around(self, factory: str) -> Adapter:
        """The same adapter, able to make something by this factory and all that it is made over.

        The reference lends what the module lacks: the parts, where the module has the factory, and otherwise the factory.

        Raises:
            NotOffered: the module has neither the factory nor all of the parts; what is missing.
        """
        if missing := self.lacks(factory):
            parts = "" if missing == (factory,) else f", nor {' and '.join(map(repr, missing))} to make the reference's over"
            raise NotOffered(f"the adapter has no function {factory!r}{parts}")
        return replace(self, module=SimpleNamespace(**{**vars(reference(self.runtime)), **vars(self.module)}))

    @property
    def file(self) -> str:
        """Where the module stands."""
        return getattr(self.module, "__file__", None) or self.spec

    def versions(self) -> dict[str, str]:
        """The version of each distribution that is adapted.

        Raises:
            AdapterError: one is not installed.
        """
        if self.versions_there is not None:
            return {**self.versions_there}
        from importlib.metadata import PackageNotFoundError, version  # takes 50 ms, for the report alone

        try:
            return {name: version(name) for name in self.adapts}
        except PackageNotFoundError as error:
            raise AdapterError(f"{self.spec}: ADAPTS names {error.name!r}, which is not installed here") from error

    def driver(self) -> Driver:
        """A new driver for the module's runtime, to be entered."""
        if self.remote is not None:
            return self.remote()
        match self.runtime:
            case "threads":
                from patternproof.drivers.threaded import Threaded  # one runtime of three: only who needs it pays

                return Threaded()
            case "live":
                from patternproof.drivers.live import Live  # as above

                given = {"scale": self.scale, "settle": self.settle}
                return Live(**{name: value for name, value in given.items() if value is not None})
        from patternproof.drivers.simulated import Simulated  # as above

        return Simulated()

    @contextmanager
    def make(self, factory: str, driver: Driver, *arguments: Any, then: Callable[[], Any] | None = None) -> Iterator[Any]:
        """Make an implementation inside a driver's loop, and clean it up at the end of the scope.

        Args:
            factory: its name: the stem of the pattern, or one of the pattern's parts.
            driver: an entered driver.
            *arguments: what the factory takes.
            then: done as soon as the factory has returned, before anything else can happen; None: nothing.

        Raises:
            NotOffered: there is no such factory, or it refused a setting with `Unsupported`.
            Unavailable: it asked for a server that is missing.
            AdapterError: the factory failed, or returned something without the port's members; or, where `strict`, its
                clean-up fails or does not end.
        """
        if not self.has(factory):
            raise NotOffered(f"the adapter has no function {factory!r}")
        function = Factory(getattr(self.module, factory), factory, self.runtime, self.file, then)
        made, clean_up = function.make(driver, arguments)
        try:
            members.require(made, factory, driver, self.runtime, self.file)
            yield made
        finally:
            if clean_up is not None:
                function.clean(driver, clean_up, self.strict and sys.exc_info()[0] is None)


def load(spec: str) -> Adapter:
    """Load an adapter.

    Args:
        spec: a module's name, such as ``"my_project.adapter"``, or the path of a Python file.

    Raises:
        AdapterError: there is no such module, it cannot be imported, or it says something that the kit does not know.
    """
    module = imported(spec)
    adapter = Adapter(
        spec=spec,
        name=" ".join(str(getattr(module, "NAME", None) or spec).split()),
        module=module,
        runtime=_runtime(module, spec),
        claims=_names(module, "CLAIMS", spec),
        known_failures=_known_failures(module, spec),
        adapts=tuple(sorted(_names(module, "ADAPTS", spec))),
        scale=_seconds(module, "SCALE", spec),
        settle=_seconds(module, "SETTLE", spec),
        versions_there=getattr(module, "VERSIONS", None),
        remote=getattr(module, "DRIVER", None),
    )
    _refuse_slips(adapter)
    _refuse_unknown(adapter)
    return adapter


def _runtime(module: ModuleType, spec: str) -> str:
    runtime = getattr(module, "RUNTIME", "asyncio")
    if runtime not in RUNTIMES:
        raise AdapterError(f"{spec}: RUNTIME is {runtime!r}; it is one of {', '.join(map(repr, RUNTIMES))}")
    return str(runtime)


def _names(module: ModuleType, variable: str, spec: str) -> frozenset[str]:
    names = getattr(module, variable, ())
    if isinstance(names, str | Mapping) or not hasattr(names, "__iter__") or not all(isinstance(name, str) for name in names):
        raise AdapterError(f'{spec}: {variable} is {names!r}; write a set of names, such as {variable} = {{"a_name"}}')
    return frozenset(names)


def _known_failures(module: ModuleType, spec: str) -> dict[str, str]:
    known = getattr(module, "KNOWN_FAILURES", {})
    if not isinstance(known, Mapping):
        right = 'KNOWN_FAILURES = {"CB-16": "no hint, issue 12"}'
        raise AdapterError(f"{spec}: KNOWN_FAILURES is {known!r}; write ids with reasons, such as {right}")
    for identifier, reason in known.items():
        if not isinstance(reason, str) or not reason.strip():
            raise AdapterError(f"{spec}: KNOWN_FAILURES[{identifier!r}] is {reason!r}; give the reason in a sentence")
    return {str(identifier): str(reason) for identifier, reason in known.items()}


def _seconds(module: ModuleType, variable: str, spec: str) -> float | None:
    value = getattr(module, variable, None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise AdapterError(f"{spec}: {variable} is {value!r}; it is a number above 0")
    return float(value)


def _refuse_unknown(adapter: Adapter) -> None:
    factories = [factory for pattern in PATTERNS.values() for factory in pattern.factories]
    if not any(map(adapter.has, factories)):
        raise AdapterError(f"{adapter.file}: no factory; write a function of one of these names: {', '.join(factories)}")
    claims = {claim for pattern in PATTERNS.values() for claim in pattern.claims}
    for claim in sorted(adapter.claims - claims):
        raise AdapterError(f"{adapter.spec}: CLAIMS names {claim!r}, which no pattern has; {nearest(claim, claims)}")
    for identifier in adapter.known_failures:
        if (fault := _never_fails(identifier, adapter)) is not None:
            raise AdapterError(f"{adapter.spec}: KNOWN_FAILURES names {identifier!r}, {fault}")


def _never_fails(identifier: str, adapter: Adapter) -> str | None:
    """Why an entry of KNOWN_FAILURES can never be a known failure, if it cannot."""
    requirement = catalogue().get(identifier)
    if requirement is None:
        return f"which is no requirement; {nearest(identifier, catalogue())}"
    if requirement.pattern not in adapter.offered:
        return f"and has no function {PATTERNS[requirement.pattern].wanted} that could fail it"
    if requirement.claim is not None and requirement.claim not in adapter.claims:
        return f"which only counts where CLAIMS names {requirement.claim!r}"
    return None


def _refuse_slips(adapter: Adapter) -> None:
    """A name that is almost right would be ignored in silence."""
    present = {name for name in vars(adapter.module) if not name.startswith("_")}
    known = {*_SETTINGS, *(factory for pattern in PATTERNS.values() for factory in pattern.factories)}
    for wanted in sorted(known - present):
        for slip in get_close_matches(wanted, sorted(present - known), n=1, cutoff=_SLIP):
            raise AdapterError(f"{adapter.file}: {slip!r} means nothing to the kit; was {wanted!r} meant?")
