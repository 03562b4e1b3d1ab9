"""The ways in which errors can be told wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from patternproof.modelling import Deviation, Names

from .events import HOWS


class Effect(NamedTuple):
    """What a deviation does, and where."""

    what: str
    """raw, success, passes, wrapped, kind or lost; or the aspect of an error that is wrong."""
    hows: tuple[str, ...]
    """How the dependency's call ends where it shows."""
    layered: bool = False
    """Whether it shows through several layers only."""


_FAILURES = ("a failure of the dependency", ("failure", "outage"))
_FOREIGN = ("an error of a type that nobody knows", ("foreign", "group"))
_PUZZLING = ("an error of the validation itself", ("puzzling",))
_KNOWN = ("an error of a known kind", ("not_found", "denied", "failed"))
_INVALID = ("a result that is not valid", ("invalid",))
_NOT_FOUND = ("what is not found", ("not_found",))
_DENIED = ("a permission that is denied", ("denied",))
_FAILED = ("an operation that has failed", ("failed",))
_OUTAGE = ("an outage that will end", ("outage",))
_FINAL = ("a failure for good", ("failure",))
_ANY = ("an error", (*_FAILURES[1], *_FOREIGN[1], *_PUZZLING[1], *_KNOWN[1], *_INVALID[1]))
_ABOVE = ("an error", (*_KNOWN[1], *_INVALID[1], *_PUZZLING[1]))

_PLAIN = (
    ("EP-01", "raw", "reaches the caller as it is, and not as an error of the component", (_FAILURES,)),
    ("EP-05", "raw", "reaches the caller as it is, and not as an error of the component", (_FOREIGN, _PUZZLING)),
    ("EP-04", "raw", "reaches the caller as no error of the component", (_INVALID,)),
    ("EP-05", "success", "is swallowed", (_FAILURES, _FOREIGN, _PUZZLING, _KNOWN)),
    ("EP-04", "passes", "is returned", (_INVALID,)),
    ("EP-01", "kind", "is told as another kind than dependency_error", (_FAILURES,)),
    ("EP-05", "kind", "is told as a known kind", (_FOREIGN, _PUZZLING)),
    ("EP-04", "kind", "is told as another kind than operation_failed", (_INVALID,)),
    ("EP-08", "kind", "becomes another kind on the way up", (_NOT_FOUND, _DENIED, _FAILED)),
    ("EP-01", "lost", "is not the cause of what the caller gets", (_FAILURES,)),
    ("EP-05", "lost", "is not the cause of what the caller gets", (_FOREIGN, _PUZZLING)),
    ("EP-04", "lost", "comes without the reason", (_INVALID,)),
    ("EP-07", "lost", "from below cannot be reached from above", (_KNOWN,)),
)
_BROAD = (
    ("EP-02", "context", "does not name the component, the operation and the resource", (_FAILURES, _FOREIGN, _KNOWN, _INVALID)),
    ("EP-03", "sentence", "has no sentence for people", (_FAILURES, _FOREIGN, _KNOWN, _INVALID)),
    ("EP-07", "chain", "does not hold each layer's context once, outermost first", (_FAILURES, _FOREIGN, _KNOWN, _INVALID)),
    ("EP-09", "survival", "does not survive the way over a process boundary", (_FAILURES, _FOREIGN, _KNOWN, _INVALID)),
    ("EP-10", "leaks", "crosses with what is to stay inside", (_FAILURES, _FOREIGN, _PUZZLING, _KNOWN, _INVALID)),
    ("EP-12", "status", "has an HTTP status that does not fit, or none", (_FAILURES, _FOREIGN, _PUZZLING, _NOT_FOUND, _DENIED)),
    ("EP-12", "status", "has an HTTP status that is none of an error, or none", (_FAILED, _INVALID)),
    ("EP-13", "hint", "does not say what is known of whether a retry can help", (_OUTAGE, _FINAL, _KNOWN)),
)
"""What may show for some errors only: where they are made otherwise, or on one way out."""
_LAYERED = (
    ("EP-07", "lost", "cannot be reached from the outermost of several layers", (_ANY,)),
    ("EP-07", "chain", "does not hold the context of each of several layers once, outermost first", (_ANY,)),
    ("EP-08", "kind", "changes its kind on the way through several layers", (_ABOVE,)),
    ("EP-09", "survival", "that has passed several layers does not survive the way over a process boundary", (_ANY,)),
    ("EP-10", "leaks", "that has passed several layers crosses with what is to stay inside", (_ANY,)),
    ("EP-13", "hint", "loses on the way through several layers whether a retry can help", (_OUTAGE,)),
)
_OTHERS = {
    "codes change": ("EP-03", "one kind has a code that changes", "codes", "codes"),
    "codes are shared": ("EP-03", "two kinds share one code", "codes", "codes"),
    "cancelling is wrapped": ("EP-06", "a cancellation comes out as an error of the component", "cancel", "cancelling"),
    "cancelling is swallowed": ("EP-06", "a cancelled request returns", "cancel", "cancelling"),
    "interrupt wrapped": ("EP-06", "KeyboardInterrupt comes out as an error of the component", "interrupt"),
    "exit wrapped": ("EP-06", "SystemExit comes out as an error of the component", "interrupt"),
    "nothing is cleaned up": ("EP-14", "nothing is cleaned up once the calls of the dependency are over"),
}
_BROAD_OTHERS = {
    "names another of several": ("EP-02", "where one of several resources fails, the error names another", "context"),
    "unknown documents are nothing": ("EP-05", "a problem document of an unknown code is restored as no error", "document"),
    "only the first": ("EP-11", "of several errors one is told, and another is lost"),
    "cleaning up hides": ("EP-14", "an error raised while cleaning up hides the first one", "release known"),
}

EFFECTS: dict[str, Effect] = {
    "interrupt wrapped": Effect("wrapped", ("interrupt",)),
    "exit wrapped": Effect("wrapped", ("exit",)),
}
"""By deviation, what it does."""
_ASPECTS = {"context", "sentence", "chain", "survival", "leaks", "status", "hint"}


def _row(row: tuple[str, str, str, tuple[tuple[str, tuple[str, ...]], ...]], broad: bool, layered: bool) -> list[Deviation]:
    requirement, what, sentence, groups = row
    made = []
    for subject, hows in groups:
        name = f"{'layered ' if layered else ''}{what} of {subject}"
        EFFECTS[name] = Effect(what, hows, layered)
        needed = (what if what in _ASPECTS else "", HOWS[hows[0]][0])
        uses = " ".join(dict.fromkeys(filter(None, needed)))
        made.append(Deviation(name, requirement, f"{subject} {sentence}", uses, "" if broad else f"{subject}", broad))
    return made


def _other(name: str, values: Sequence[str]) -> Deviation:
    requirement, sentence, *more = values
    uses, aspect = (*more, "", "")[:2]
    return Deviation(name, requirement, sentence, uses, aspect)


_MADE = [
    *(each for row in _PLAIN for each in _row(row, broad=False, layered=False)),
    *(_other(name, values) for name, values in _OTHERS.items()),
    *(replace(_other(name, values), broad=True) for name, values in _BROAD_OTHERS.items()),
    *(each for row in _LAYERED for each in _row(row, broad=True, layered=True)),
    *(each for row in _BROAD for each in _row(row, broad=True, layered=False)),
]
DEVIATIONS = {each.name: each for each in _MADE}


def strikes(what: str, how: str, layered: bool, deviations: Names) -> bool:
    """Whether one of the deviations has an effect on a request that failed so."""
    for name in deviations:
        effect = EFFECTS.get(name)
        if effect is not None and effect.what == what and how in effect.hows and (layered or not effect.layered):
            return True
    return False
