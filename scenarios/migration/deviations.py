"""The ways in which a migration can be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from patternproof.scenarios.service_interface.deviations import DEVIATIONS as OF_SERVICES

from patternproof.modelling import Deviation, Names

from .events import BRIDGE, ERRORS, KINDS, NEW_SAMPLES, SAMPLES, SERVICE, SWITCH

REQUIREMENTS = {SERVICE: "MG-01", BRIDGE: "MG-02", SWITCH: "MG-03", ERRORS: "MG-04"}
"""By part, the requirement that it is about."""
PREFIX = "service: "
_BRIDGE: tuple[tuple[str, ...], ...] = (
    ("no effect by events", "what comes by its event alone takes no effect", "event"),
    ("echo acts", "an action takes effect again by the event that the bridge itself has published", ""),
    ("the event of a call acts", "an action that a call has made take effect does so again by its event", "event"),
    ("the event acts again", "an action takes effect again when its event comes again", "event"),
    ("a call acts again", "an action takes effect again when it is called again", ""),
    ("both act at once", "an action that comes by a call and by its event meanwhile takes effect by both", "event"),
    ("calls act at once", "an action that is called again meanwhile takes effect by both calls", ""),
    (
        "acts again after a cancellation",
        "an action whose call was cancelled takes effect twice once it is called again",
        "cancel",
    ),
    ("lost by a cancellation", "an action whose call was cancelled takes no effect when it is called again", "cancel"),
    ("lost by a failure", "an action that has failed takes no effect when it is called again", "fails"),
    ("deaf after a failure", "nothing that comes by its event takes effect any more after one has failed", "fails event"),
    ("not published", "an action that has come by a call is not published", ""),
    ("published twice", "an action that is called again is published again", ""),
    ("events are published", "an action that has come by its event is published by the bridge", "event"),
    ("acts again as unheard", "an action takes effect again that is called again since the bus has refused its event", "unheard"),
)
_BRIDGE_RACES = (
    ("twice by a race", "an action takes effect twice as it comes or is cancelled in the same turn as it ends", "event cancel"),
    ("never by a race", "an action takes no effect as it comes or is cancelled in the same turn as it ends", "event cancel"),
)
_SWITCH: tuple[tuple[str, ...], ...] = (
    ("the flag does nothing", "an update that begins after the flag was turned does not go to its store", "inspect"),
    ("left in the other store", "what was acknowledged before the flag was turned is not there any more", ""),
    ("reads the other store", "what is acknowledged after the flag was turned is not read", ""),
    ("under way is left behind", "an update under way as the flag is turned is acknowledged, and is not there", "stall"),
    ("under way is repeated", "an update under way as the flag is turned takes effect twice", "stall"),
    ("moved back twice", "what was acknowledged before the flag was turned has taken effect twice once it is turned back", ""),
    ("overwritten by a move", "an update that is acknowledged while another brings the data over is not there", "stall"),
    (
        "a cancelled move loses",
        "what was acknowledged is not there once the call that was to bring it over was cancelled",
        "stall cancel",
    ),
    (
        "a failed move loses",
        "what was acknowledged is not there once the call that was to bring it over has failed",
        "stall fails",
    ),
    ("waits after a cancellation", "calls wait for ever after one was cancelled that was to bring the data over", "stall cancel"),
    ("waits after a failure", "calls wait for ever after one has failed that was to bring the data over", "stall fails"),
)
_SWITCH_RACES = (
    ("lost by a race", "an update is lost as the flag is turned, or a call cancelled, in the same turn", "cancel"),
    ("repeated by a race", "an update takes effect twice as the flag is turned, or a call cancelled, in the same turn", "cancel"),
)
RAISES, NOT_NEW, LOST, CHANGED = (
    "the conversion raises",
    "no new error comes of it",
    "its cause is lost",
    "the old error is changed",
)
NOT_RESTORED, MIXED, TYPE = "nothing is restored", "the error of another is restored", "another type is restored"
CODE, TEXT, ARGUMENTS = "another code is restored", "another text is restored", "other arguments are restored"
CAUSE = "another cause is restored"
CONVERTING = (RAISES, NOT_NEW, LOST, CHANGED)
"""What shows as soon as an error is converted."""
OTHERWISE = (TYPE, NOT_RESTORED, CODE, TEXT, ARGUMENTS, CAUSE)
"""What can be wrong with an error that comes back."""
MIXED_UP = "mixed up"
EFFECTS: dict[str, tuple[tuple[str, ...], str]] = {}
"""By deviation about errors, what may be wrong, and with which sample."""
_OF_OLD: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("cannot be converted", (RAISES,), ""),
    ("does not become a new error", (NOT_NEW,), ""),
    ("is changed as it is converted", (CHANGED,), ""),
    ("loses its cause as it is converted", (LOST,), ""),
    ("comes back otherwise than it was", OTHERWISE, "restore"),
)


def _of_errors() -> Iterator[Deviation]:
    yield Deviation(MIXED_UP, "MG-04", "an error comes back as another that was converted after it", "restore")
    for sentence, faults, uses in _OF_OLD:
        for sample, words in SAMPLES.items():
            if sample == "new" and faults != (RAISES,):
                continue  # what is new already need not be changed, nor come back
            if KINDS.get(sample) == "cause" or faults != (LOST,):
                subject = words if KINDS.get(sample) in ("group", "base", "new") else f"an error {words}"
                yield _of_sample(
                    f"{sample} {sentence}", sample, f"{subject} {sentence}", faults, f"{KINDS.get(sample, '')} {uses}"
                )
    for sample, words in NEW_SAMPLES.items():
        sentence = f"a new error {words} that never was an old one does not come back as an old one with its cause"
        yield _of_sample(f"new {sample}", sample, sentence, (NOT_RESTORED, TYPE, CAUSE), "new")


def _of_sample(name: str, sample: str, sentence: str, faults: tuple[str, ...], uses: str) -> Deviation:
    EFFECTS[name] = (faults, sample)
    return Deviation(name, "MG-04", sentence, uses.strip())


def _rows(rows: tuple[tuple[str, ...], ...], requirement: str, elusive: bool = False) -> list[Deviation]:
    return [Deviation(name, requirement, sentence, uses, broad=elusive, elusive=elusive) for name, sentence, uses in rows]


_OF_SERVICE = [replace(each, name=f"{PREFIX}{name}", requirement="MG-01") for name, each in OF_SERVICES.items()]
_MADE = [
    *_rows(_BRIDGE, "MG-02"),
    *_rows(_SWITCH, "MG-03"),
    *_of_errors(),
    *_OF_SERVICE,
    *_rows(_BRIDGE_RACES, "MG-02", elusive=True),
    *_rows(_SWITCH_RACES, "MG-03", elusive=True),
]
DEVIATIONS = {each.name: each for each in _MADE}


@lru_cache(maxsize=4096)
def of_service(deviations: Names) -> Names:
    """Those of a message service, by the names that they have there."""
    return frozenset(name.removeprefix(PREFIX) for name in deviations if name.startswith(PREFIX))
