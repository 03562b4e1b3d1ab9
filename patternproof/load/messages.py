"""What a run is asked for, and has found."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from patternproof.load.evidence import Said

WANTED = "PATTERNPROOF_LOAD"
"""The environment's variable with what a run is wanted to be, as JSON; it is not there when a file is given to locust itself."""
INSTANCE = "load"
"""The one that a run works with."""


class Wanted(Struct):
    """What a run is to be."""

    result: str = ""
    """The file to write what was found to; empty: none."""
    profile: str = "steady"
    seconds: float = 10.0
    rate: float = 0.0
    """Requests a second in the open model; 0: the closed one, in which each user waits for its answer."""
    seed: int = 0


class Second(NamedTuple):
    """A second of a run, of those whose latency is looked at."""

    second: int
    """Since the first of them."""
    requests: int
    p50: float
    """Seconds within which half of them were answered, from when they were due; and so on."""
    p90: float
    p99: float


class Bin(NamedTuple):
    """How many requests took about as long."""

    shortest: float
    """Seconds; not of the bin itself."""
    longest: float
    requests: int


class Result(Struct):
    """What was found."""

    scenario: str
    requests: int
    failed: int
    """Requests that the server did not answer, or answered with an error."""
    seconds: float
    throughput: float
    """Requests a second."""
    latencies: dict[str, dict[str, float]]
    """Seconds by kind, service or response, and percentile."""
    said: list[Said]
    faults: list[str]
    """Of the requests that failed, the first."""
    lost: int
    """Workers that were lost."""
    refused: str = ""
    """Why the implementation could not be made; empty: it was."""
    interrupted: bool = False
    """Whether the run was ended early."""
    users: int = 0
    """At most, at a time."""
    rate: float = 0.0
    """As wanted."""
    profile: str = "steady"
    timeline: list[Second] = []
    """Seconds in which there were any."""
    histogram: dict[str, list[Bin]] = {}
    """By kind, as the latencies; in order, without those that are empty."""
