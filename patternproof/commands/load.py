"""``patternproof load``: users, invariants, and honest latencies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console
from rich.table import Table

from patternproof.adapter import Adapter
from patternproof.adapter import load as loaded
from patternproof.commands.load_compare import compared
from patternproof.load import runs
from patternproof.load.messages import Result
from patternproof.load.objectives import Objective, parsed
from patternproof.outcome import AdapterError, NoVerdict, Outcome, Status
from patternproof.patterns import PATTERNS
from patternproof.report import write
from patternproof.requirements import catalogue, nearest
from patternproof.settings import Settings, writable
from patternproof.verdict import Exit, verdicts

Load = runs.Load
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
MILLISECONDS = 1000.0
MOST_A_SECOND = 1e6


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was given."""

    adapter: str
    scenarios: tuple[str, ...]
    load: runs.Load
    objectives: tuple[Objective, ...] = ()
    report: Path | None = None
    compare: tuple[str, str] | None = None
    """Two adapters, in place of the one."""
    rounds: int = 6


def seconds(text: str) -> float:
    """A time such as 30s, 5m or 1h, in seconds.

    Raises:
        AdapterError: it is none.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", text)
    if found is None or not float(found[1]):
        raise AdapterError(f"--time {text}: expected a time above 0, such as 30s, 5m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def counted(users: int | None) -> int | None:
    """Users as given.

    Raises:
        AdapterError: there are none.
    """
    if users is not None and users < 1:
        raise AdapterError(f"--users {users}: expected at least 1")
    return users


def a_second(rate: float) -> float:
    """Requests a second as given.

    Raises:
        AdapterError: it is no rate.
    """
    if not 0 <= rate < MOST_A_SECOND:
        raise AdapterError(f"--open {rate:g}: expected requests a second, or 0 for the closed model")
    return rate


def objectives(text: str | None) -> tuple[Objective, ...]:
    """Objectives as given.

    Raises:
        AdapterError: one cannot be read.
    """
    try:
        return parsed(text or "")
    except ValueError as error:
        raise AdapterError(f"--slo: {error}") from error


def load(options: Options) -> int:
    """Run the scenarios and give the exit code.

    Raises:
        AdapterError: a usage error, or the server does not start or answer.
    """
    try:
        runs.require()
    except NoVerdict as error:
        raise AdapterError(str(error)) from error
    if bool(options.adapter) == (options.compare is not None):
        raise AdapterError("expected either --adapter, or --compare with two adapters")
    if options.compare is not None:
        if options.report is not None or options.objectives or options.load.web:
            raise AdapterError("--compare goes with none of --report, --slo and --web")
        return compared(options.compare, options.scenarios, replace(options.load, quiet=True), options.rounds)
    there = options.adapter.startswith("http://")
    adapter = None if there else loaded(options.adapter)
    stems = [] if adapter is None else _scenarios(options, runs.scenarios(adapter.offered))
    folder = writable(options.report) if options.report is not None else None
    console = Console(highlight=False, soft_wrap=True)
    results: list[Result] = []
    with ExitStack() as stack:
        address = stack.enter_context(nullcontext(options.adapter) if there else runs.serving(options.adapter))
        told = runs.description(address)
        adapter = adapter or _remote(address, told)
        for stem in stems or _scenarios(options, runs.scenarios(told["patterns"])):
            results.append(runs.performed(address, stem, options.load))
            _tell(console, results[-1], options, told["claims"])
            if results[-1].interrupted:
                break
    if folder is not None:
        found = verdicts(catalogue(), _outcomes(results, options), adapter, _partial(results))
        again = runs.replay(options.adapter, options.scenarios, options.load)
        write(folder, found, Settings(options.adapter, seed=options.load.seed), results, again)
    if any(result.interrupted for result in results):
        return Exit.INTERRUPTED
    return Exit.NOT_CONFORMANT if any(map(_is_bad, results)) or _missed(results, options) else Exit.CONFORMANT


def _remote(address: str, told: Mapping[str, Any]) -> Adapter:
    """What a server says of its adapter, which is elsewhere."""
    factories = {name: Adapter for stem in told["patterns"] if stem in PATTERNS for name in PATTERNS[stem].factories}
    return Adapter(address, told["name"], SimpleNamespace(**factories), claims=frozenset(told["claims"]), versions_there={})


def _outcomes(results: Sequence[Result], options: Options) -> list[Outcome]:
    return [
        outcome
        for result in results
        for outcome in runs.outcomes(result, replay=runs.replay(options.adapter, [result.scenario], options.load))
    ]


def _partial(results: Sequence[Result]) -> list[str]:
    """Why the report is not that of a full run."""
    interrupted = [f"{result.scenario} was interrupted" for result in results if result.interrupted]
    lost = [f"{result.scenario} lost {result.lost} workers" for result in results if result.lost]
    return ["load alone", *interrupted, *lost]


def _scenarios(options: Options, offered: Sequence[str]) -> list[str]:
    for stem in options.scenarios:
        if stem not in offered:
            raise AdapterError(f"--scenario {stem}: {nearest(stem, offered)}")
    return [*options.scenarios] or [*offered]


def _is_bad(result: Result) -> bool:
    if result.refused:
        return False
    failed = any(each.status is Status.FAILED for each in runs.outcomes(result))
    return failed or bool(result.failed) or not any(each.times for each in result.said)


def _missed(results: Sequence[Result], options: Options) -> list[str]:
    return [missed for result in results for each in options.objectives if (missed := each.missed(_measured(result))) is not None]


def _measured(result: Result) -> dict[str, float]:
    response = {f"p{name}": value for name, value in result.latencies.get("response", {}).items()}
    share = result.failed / result.requests if result.requests else 1.0
    return {**response, "errors": share, "throughput": result.throughput}


def _tell(console: Console, result: Result, options: Options, claims: Sequence[str]) -> None:
    title = PATTERNS[result.scenario].title
    model = f"open model, {options.load.rate:g} requests/s" if options.load.rate else "closed model"
    console.print(
        f"\n{title}: {result.requests} requests in {result.seconds:.1f} s, {result.throughput:.0f}/s ({model})", markup=False
    )
    if result.latencies:
        table = Table("milliseconds", *(f"p{name}" for name in result.latencies["response"]), box=None)
        for kind, values in result.latencies.items():
            table.add_row(kind, *(f"{value * MILLISECONDS:.1f}" for value in values.values()))
        console.print(table)
    for outcome in runs.outcomes(result, claims):
        _tell_outcome(console, outcome, options, result.scenario)
    for fault in result.faults[:3]:
        console.print(f"  request failed: {fault}", markup=False)
    for missed in _missed([result], options):
        console.print(f"  objective missed: {missed}", markup=False)
    if result.lost or result.interrupted:
        why = f"{result.lost} workers were lost" if result.lost else "interrupted"
        console.print(f"  partial: {why}; what is said is of what was reported until then", markup=False)


def _tell_outcome(console: Console, outcome: Outcome, options: Options, stem: str) -> None:
    requirement = catalogue()[outcome.requirement]
    often = f" ({outcome.exercised} times)" if outcome.exercised else f": {outcome.message}"
    console.print(
        f"  {outcome.requirement}  {outcome.status}{often if outcome.status is not Status.FAILED else ''}", markup=False
    )
    if outcome.status is Status.FAILED:
        console.print(f"    {requirement.sentence}", markup=False)
        console.print(f"    {outcome.message}", markup=False)
        for line in outcome.history:
            console.print(f"      {line}", markup=False)
        console.print(f"    again: {runs.replay(options.adapter, [stem], options.load)}", markup=False)
