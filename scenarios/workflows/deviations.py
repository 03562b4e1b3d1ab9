"""The ways in which workflows can be wrong."""

from __future__ import annotations

from patternproof.modelling import Deviation

from .events import CORE, GUARD, LOCAL, PARTS, SYSTEM, UI

_ROWS: dict[str, dict[str, tuple[str] | tuple[str, str]]] = {
    CORE: {
        "no handler": ("a message of the peer changes nothing",),
        "applied twice": ("a message of the peer is applied twice",),
        "a copy of its own": ("a message overwrites what others have made of the shared state",),
        "answers are shifted": ("a command gets the response to another one",),
        "faults are responses": ("a command that the peer cannot deal with comes back as a response",),
        "sent twice": ("a command goes over the service twice",),
    },
    UI: {
        "subscribes late": ("what is published as soon as it is made is missed",),
        "failures are published": ("an action that fails is published",),
        "failures are swallowed": ("an action that fails returns as if it had not",),
        "not published": ("an action is not published",),
        "not recorded": ("an action is not on record",),
        "the context is ignored": ("it does not show the latest context",),
        "tools are ignored": ("it does not show the status of tools",),
        "hears others": ("events of other kinds change what it shows", "other"),
    },
    GUARD: {
        "failures come out raw": ("a failure of the dependency comes out as it is",),
        "causes are lost": ("a failure of the dependency is not the cause of what the caller gets",),
        "failures are swallowed by the client": ("a query that the dependency fails returns",),
        "rejections return": ("a query that the breaker rejects returns",),
        "failures are not told": ("no error event is published for a failure",),
        "never opens": ("the breaker does not open",),
        "never recovers": ("the breaker does not close once the dependency has recovered",),
        "failures leak": ("a connection does not come back from a query that fails",),
        "cancellations leak": ("a connection does not come back from a query that is cancelled", "cancel"),
    },
    LOCAL: {
        "changes are not local": ("a change is not to be seen where it was made",),
        "announced twice": ("a change is announced again when it is synchronised",),
        "what was pulled is announced": ("a change is announced again by whoever hears of it",),
        "never announced": ("a change is not announced",),
        "never arrives": ("a change does not arrive where it was not made",),
        "overwritten values come back": ("a value that was overwritten comes back",),
    },
    SYSTEM: {
        "connections remain": ("connections remain open",),
        "the subscription remains": ("the subscription remains",),
        "the handler remains": ("the handler remains",),
        "a task remains": ("a task or thread remains",),
        "the pool goes first": ("the pool is closed before what works with it",),
        "cleaning up hangs": ("cleaning up does not end where it began in the middle of work",),
        "work is left hanging": ("work under way never ends",),
    },
}
_ELUSIVE = {
    "updates get lost": (CORE, "an update that somebody else makes at the same moment is lost"),
}
"""What only races show."""
_PARTS: dict[str, str] = {name: part for part, rows in _ROWS.items() for name in rows}
_PARTS |= {name: part for name, (part, _) in _ELUSIVE.items()}


def requirement(part: str) -> str:
    """The one that a part is about."""
    return f"WF-0{1 + PARTS.index(part)}"


def part_of(name: str) -> str:
    """The part that a deviation is of."""
    return _PARTS[name]


DEVIATIONS: dict[str, Deviation] = {
    name: Deviation(name, requirement(part), *row) for part, rows in _ROWS.items() for name, row in rows.items()
} | {name: Deviation(name, requirement(part), sentence, elusive=True) for name, (part, sentence) in _ELUSIVE.items()}
