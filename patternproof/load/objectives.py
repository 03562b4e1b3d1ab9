"""What a service promises of its latencies and errors (SLO)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FORM = re.compile(
    r"\s*(?P<name>p\d{1,2}(\.\d+)?|errors|throughput)\s*(?P<sign><|>)\s*(?P<value>\d+(\.\d+)?)\s*(?P<unit>us|ms|s|%|/s)?\s*"
)
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
HELP = 'write it as "p99<50ms", "errors<0.1%" or "throughput>100/s"; several with commas'


@dataclass(frozen=True, slots=True)
class Objective:
    """One promise."""

    text: str
    name: str
    """A percentile of the response times such as p99, errors or throughput."""
    least: bool
    """Whether the value is the least that is promised, or the most."""
    value: float
    """Seconds, a share, or requests a second."""

    def missed(self, measured: Mapping[str, float]) -> str | None:
        """What is said if it was missed; None: it was kept.

        Args:
            measured: seconds by percentile, the share of errors, requests a second.
        """
        seen = measured[self.name]
        kept = seen > self.value if self.least else seen < self.value
        return None if kept else f"expected {self.text}; seen: {self._shown(seen)}"

    def _shown(self, seen: float) -> str:
        if self.name == "errors":
            return f"{seen:.2%}"
        return f"{seen:.1f}/s" if self.name == "throughput" else f"{seen * 1000:.2f} ms"


def parsed(text: str) -> tuple[Objective, ...]:
    """Objectives as they are given on the command line.

    Raises:
        ValueError: one cannot be read; which, and how to write it.
    """
    return tuple(_one(part) for part in text.split(",") if part.strip())


def _one(text: str) -> Objective:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text.strip()!r} is no objective; {HELP}")
    name, unit, value = found["name"], found["unit"] or "", float(found["value"])
    least = found["sign"] == ">"
    right = unit in _SECONDS if name.startswith("p") else unit == ("%" if name == "errors" else "/s")
    if not right or least != (name == "throughput"):
        raise ValueError(f"{text.strip()!r} is no objective; {HELP}")
    return Objective("".join(text.split()), name, least, value * _SECONDS.get(unit, 0.01 if unit == "%" else 1.0))
