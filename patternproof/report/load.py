"""What load has measured, as a part of a report."""

from __future__ import annotations

import msgspec

from patternproof.load.messages import Result
from patternproof.outcome import Way
from patternproof.verdict import Kind, Verdicts, verdict


class HeldPart(msgspec.Struct, frozen=True):
    """What load alone says of a requirement."""

    id: str
    verdict: Kind
    times: int
    """How often it could have been broken."""
    found: bool
    """Whether it was."""
    message: str
    """How it was broken, or why there is no verdict; empty where it passed."""


class SecondPart(msgspec.Struct, frozen=True):
    """A second of a scenario, of those requests whose latency is looked at."""

    second: int
    """Since the first of them."""
    requests: int
    percentiles: dict[str, float]
    """Seconds of response time by percentile."""


class BinPart(msgspec.Struct, frozen=True):
    """How many requests took about as long."""

    shortest: float
    """Seconds; not of the bin itself."""
    longest: float
    requests: int


class LoadPart(msgspec.Struct, frozen=True):
    """A scenario under load."""

    scenario: str
    """The pattern's stem."""
    users: int
    """At most, at a time."""
    rate: float
    """Requests a second in the open model; 0: the closed one."""
    profile: str
    seconds: float
    requests: int
    failed: int
    """Requests that the server did not answer, or answered with an error."""
    throughput: float
    """Requests a second."""
    latencies: dict[str, dict[str, float]]
    """Seconds by kind, service or response, and percentile; of those requests whose latency is looked at."""
    histogram: dict[str, list[BinPart]]
    """By kind, in order, without bins that are empty."""
    timeline: list[SecondPart]
    """Seconds in which there were any."""
    verdicts: list[HeldPart]
    faults: list[str]
    """Of the requests that failed, the first."""
    lost: int
    """Worker processes that were lost: what they had not reported is missing."""
    interrupted: bool
    refused: str
    """Why the implementation could not be made; empty: it was."""


def load_part(result: Result, verdicts: Verdicts) -> LoadPart:
    """What a run of load has measured, with the verdicts to which it has come."""
    return LoadPart(
        scenario=result.scenario,
        users=result.users,
        rate=result.rate,
        profile=result.profile,
        seconds=result.seconds,
        requests=result.requests,
        failed=result.failed,
        throughput=result.throughput,
        latencies=result.latencies,
        histogram={kind: [BinPart(*each) for each in bins] for kind, bins in result.histogram.items()},
        timeline=[
            SecondPart(each.second, each.requests, {"50": each.p50, "90": each.p90, "99": each.p99}) for each in result.timeline
        ],
        verdicts=_held(result.scenario, verdicts),
        faults=result.faults,
        lost=result.lost,
        interrupted=result.interrupted,
        refused=result.refused,
    )


def _held(scenario: str, verdicts: Verdicts) -> list[HeldPart]:
    """Those that load has anything to say of, judged by load alone."""
    held = []
    for each in verdicts.of(scenario):
        outcomes = [outcome for outcome in each.outcomes if outcome.way is Way.LOAD]
        if outcomes:
            alone = verdict(each.requirement, outcomes, verdicts.adapter)
            passed = alone.kind is Kind.UNEXPECTEDLY_PASSED  # load alone need not show what is known to fail
            kind, reason = (Kind.PASSED, "") if passed else (alone.kind, alone.reason)
            held.append(HeldPart(each.requirement.id, kind, alone.exercised(Way.LOAD), alone.found(Way.LOAD), reason))
    return held
