"""What load has measured as charts: data, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from patternproof.report.load import BinPart, LoadPart, SecondPart

WIDTH, HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 76, 640, 30, 190
"""Where the axes stand; pixels, as all that is called `at`, `x` or `y` here."""
MOST_POINTS = 240
"""Of a line; where there are more seconds, several share a point."""
TICKS = 5
"""At least so many parts, as nearly as round numbers allow, where a scale is linear."""
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


@dataclass(frozen=True, slots=True)
class Tick:
    """A number at an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """What goes up and down; in parts, where there is nothing between."""

    name: str
    style: str
    parts: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram."""

    style: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Entry:
    """How one kind of lines or bars looks."""

    name: str
    style: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture with two axes."""

    title: str
    text: str
    """How to read it."""
    across: str
    up: str
    columns: tuple[Tick, ...]
    rows: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    legend: tuple[Entry, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


class Scale:
    """From values to pixels.

    Args:
        low: the value at the beginning.
        high: the value at the end; more than that.
        ends: the pixels of both.
        powers: whether each power of ten takes as much room; the values are positive then.
    """

    def __init__(self, low: float, high: float, ends: tuple[int, int], *, powers: bool = False) -> None:
        self._low, self._high = (log10(low), log10(high)) if powers else (low, high)
        self._ends, self._powers = ends, powers

    def at(self, value: float) -> float:
        """The pixel of a value."""
        begin, end = self._ends
        share = ((log10(value) if self._powers else value) - self._low) / (self._high - self._low)
        return round(begin + share * (end - begin), 1)


def charts(load: LoadPart) -> list[Chart]:
    """Percentiles over time, the histogram, and throughput over time; none where nothing was measured."""
    if not load.timeline or not load.histogram:
        return []
    return [_percentiles(_thinned(load.timeline)), _histogram(load.histogram), _throughput(load.timeline)]


def _percentiles(seconds: Sequence[tuple[SecondPart, int]]) -> Chart:
    names = list(seconds[0][0].percentiles)
    values = [value for each, _ in seconds for value in each.percentiles.values()]
    across, up, rows = _across(seconds[-1][0].second), *_powers(values, (BOTTOM, TOP))
    lines = []
    for name, style in zip(names, ("first", "second", "third"), strict=True):
        points = [(each.second, width, (across.at(each.second), up.at(each.percentiles[name]))) for each, width in seconds]
        lines.append(Line(f"p{name}", style, _parts(points)))
    return Chart(
        "Response times over time",
        "within which time 50, 90 and 99 % of each second's requests were answered; each line up is ten times as long",
        "seconds since the first request",
        "response time",
        _columns(seconds[-1][0].second, across),
        rows,
        tuple(lines),
        legend=tuple(Entry(line.name, line.style) for line in lines),
    )


def _histogram(histogram: dict[str, list[BinPart]]) -> Chart:
    bins = [each for kind in histogram.values() for each in kind]
    most = _round(max(each.requests for each in bins))
    across, columns = _powers([edge for each in bins for edge in (each.shortest, each.longest)], (LEFT, RIGHT))
    up = Scale(0, most, (BOTTOM, TOP))
    styles = {"response": "held", "service": "outline"}
    bars = []
    for kind, style in styles.items():
        for each in histogram.get(kind, []):
            x, y = across.at(each.shortest), up.at(each.requests)
            bars.append(Bar(style, x, y, round(across.at(each.longest) - x, 1), round(BOTTOM - y, 1)))
    return Chart(
        "Histogram",
        "how many requests took how long; the outline is the service time, from the sending",
        "time, each power of ten as wide",
        "requests",
        columns,
        _linear(most, up),
        bars=tuple(bars),
        legend=tuple(Entry(kind, style) for kind, style in styles.items()),
    )


def _throughput(timeline: Sequence[SecondPart]) -> Chart:
    last = timeline[-1].second
    there = {each.second: each.requests for each in timeline}
    step = _step(last + 1)
    means = []
    for first in range(0, last + 1, step):
        seconds = range(first, min(first + step, last + 1))
        means.append((first, sum(there.get(second, 0) for second in seconds) / len(seconds)))
    most = _round(max(mean for _, mean in means))
    across, up = _across(last), Scale(0, most, (BOTTOM, TOP))
    line = Line("requests", "first", _joined([[(across.at(second), up.at(mean)) for second, mean in means]]))
    return Chart(
        "Throughput over time",
        "the requests of each second that were answered; the first and the last second are seldom whole",
        "seconds since the first request",
        "requests a second",
        _columns(last, across),
        _linear(most, up),
        (line,),
    )


def _step(seconds: int) -> int:
    return ceil(seconds / MOST_POINTS)


def _thinned(timeline: Sequence[SecondPart]) -> list[tuple[SecondPart, int]]:
    """Seconds, and how long each stands for; several become one with the worst of each percentile."""
    step = _step(timeline[-1].second + 1)
    groups: dict[int, list[SecondPart]] = {}
    for each in timeline:
        groups.setdefault(each.second // step * step, []).append(each)
    return [
        (
            SecondPart(
                first,
                sum(each.requests for each in group),
                {name: max(each.percentiles[name] for each in group) for name in group[0].percentiles},
            ),
            step,
        )
        for first, group in groups.items()
    ]


def _parts(points: Sequence[tuple[int, int, tuple[float, float]]]) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Points in the parts between which nothing was measured."""
    parts = [[points[0][2]]]
    for (before, width, _), (second, _, point) in pairwise(points):
        if second == before + width:
            parts[-1].append(point)
        else:
            parts.append([point])
    return _joined(parts)


def _joined(parts: Iterable[list[tuple[float, float]]]) -> tuple[tuple[tuple[float, float], ...], ...]:
    """A point that stands alone is a line to itself, which is drawn as a dot."""
    return tuple(tuple(part if len(part) > 1 else part * 2) for part in parts)


def _across(last: int) -> Scale:
    return Scale(0, max(1, last), (LEFT, RIGHT))


def _columns(last: int, scale: Scale) -> tuple[Tick, ...]:
    step = max(1, round(_round(max(1, last) / TICKS)))
    return tuple(Tick(scale.at(second), str(second)) for second in range(0, max(1, last) + 1, step))


def _linear(most: float, scale: Scale) -> tuple[Tick, ...]:
    step = _round(most / TICKS)
    return tuple(Tick(scale.at(step * number), f"{step * number:g}") for number in range(floor(most / step + 1e-9) + 1))


def _powers(values: Iterable[float], ends: tuple[int, int]) -> tuple[Scale, tuple[Tick, ...]]:
    """A scale from the power of ten below all values, seconds, to the one above; with each between."""
    values = list(values)
    low, high = floor(round(log10(min(values)), 6)), ceil(round(log10(max(values)), 6))
    high = max(high, low + 1)
    scale = Scale(10.0**low, 10.0**high, ends, powers=True)
    return scale, tuple(Tick(scale.at(10.0**power), _time(10.0**power)) for power in range(low, high + 1))


def _time(seconds: float) -> str:
    size, unit = next((each for each in UNITS if seconds >= each[0] * (1 - 1e-9)), UNITS[-1])
    return f"{seconds / size:g} {unit}"


def _round(value: float) -> float:
    """The next of 1, 2, 5, 10 and so on that is no less."""
    power = 10.0 ** floor(log10(value))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= value * (1 - 1e-9))
