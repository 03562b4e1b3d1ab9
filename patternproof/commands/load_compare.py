"""``patternproof load --compare``: two adapters, round by round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from rich.console import Console

from patternproof.adapter import load as loaded
from patternproof.console import plain
from patternproof.load import runs
from patternproof.load.comparing import CONFIDENCE, LEAST_ROUNDS, difference
from patternproof.load.messages import Result
from patternproof.outcome import AdapterError, Status
from patternproof.patterns import PATTERNS
from patternproof.requirements import nearest
from patternproof.verdict import Exit

MEASURES: dict[str, Callable[[Result], float]] = {
    "p50": lambda result: result.latencies["response"]["50"],
    "p99": lambda result: result.latencies["response"]["99"],
    "throughput": lambda result: result.throughput,
}


def compared(adapters: tuple[str, str], scenarios: Sequence[str], load: runs.Load, rounds: int) -> int:
    """Run two adapters in turns, say what differs, and give the exit code: whether all could be compared.

    Args:
        adapters: module names or files.
        scenarios: stems; empty: all that both offer.
        load: of each round.
        rounds: of each adapter.

    Raises:
        AdapterError: a usage error, or a server does not start or answer.
    """
    if rounds < LEAST_ROUNDS:
        raise AdapterError(f"--rounds {rounds}: expected at least {LEAST_ROUNDS}; fewer show nothing")
    offered = [runs.scenarios(loaded(spec).offered) for spec in adapters]
    both = [stem for stem in offered[0] if stem in offered[1]]
    for stem in scenarios:
        if stem not in both:
            raise AdapterError(f"--scenario {stem}: both have to offer it; {nearest(stem, both)}")
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        addresses = [stack.enter_context(runs.serving(spec)) for spec in adapters]
        broken = []
        for stem in scenarios or both:
            a, b = map(plain, adapters)
            console.print(f"\n{PATTERNS[stem].title}: A = {a}, B = {b}, {rounds} rounds of each", markup=False)
            broken.append(_scenario(console, stem, addresses, load, rounds))
    return Exit.NOT_CONFORMANT if any(broken) else Exit.CONFORMANT


def _scenario(console: Console, stem: str, addresses: Sequence[str], load: runs.Load, rounds: int) -> bool:
    """Compare by one scenario; whether there was nothing to compare."""
    results: tuple[list[Result], list[Result]] = [], []
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):  # neither always comes first: what drifts meets both
            result = runs.performed(addresses[which], stem, load)
            if reason := _unfit(result):
                console.print(f"  {'AB'[which]} cannot be compared: {plain(reason)}", markup=False)
                return True
            results[which].append(result)
    for measure, of in MEASURES.items():
        console.print(f"  {told(measure, [of(each) for each in results[0]], [of(each) for each in results[1]])}", markup=False)
    return False


def _unfit(result: Result) -> str:
    """Why the numbers of a run say nothing; empty: they do."""
    if result.refused:
        return result.refused
    failed = next((each for each in runs.outcomes(result) if each.status is Status.FAILED), None)
    if failed is not None:
        return f"{failed.requirement}: {failed.message}"
    if result.interrupted or result.lost or result.failed or not result.latencies:
        return next(iter(result.faults), "the run is not whole")
    return ""


def told(measure: str, one: Sequence[float], other: Sequence[float]) -> str:
    """What the rounds show of a measure."""
    found = difference(one, other)
    interval = f"{CONFIDENCE:.0%} interval {found.low:.3g} to {found.high:.3g}"
    said = f"B is {found.ratio:.3g} times A" if found.shown else "no difference that these rounds can show"
    return f"{measure:<11}{said}; B / A: {interval}"
