"""The ways in which a message service can be wrong."""

from __future__ import annotations

from patternproof.modelling import Deviation

_CALLS, _HANDLERS = "call", "hear come"
ABOUT = {
    **dict.fromkeys(("SI-03", "SI-07", "SI-11", "SI-12", "SI-13"), _CALLS),
    **dict.fromkeys(("SI-04", "SI-06", "SI-09"), _HANDLERS),
    "SI-05": "hear",
}
"""The plain events that the requirements are about: those about calls need no handlers, and so on."""
_ROWS: tuple[tuple[str, ...], ...] = (
    ("requests are changed", "SI-02", "a request arrives with other data than was sent", "call special"),
    ("responses are changed", "SI-02", "a response has other data than the peer gave it", "call special"),
    ("messages are changed", "SI-02", "a message is heard with other data than the peer gave it", "hear special"),
    ("the name of another", "SI-03", "a response names another request than it answers", "", "answering"),
    ("in order of arrival", "SI-03", "a response goes to the call that has waited longest", "", "answering"),
    ("shifted by a cancelled call", "SI-03", "the response to a call that is over goes to another", "cancel"),
    ("shifted by a second answer", "SI-03", "a second answer to one request goes to another call", "again"),
    ("only the latest is answered", "SI-03", "only the call that came last gets its response", "", "answering"),
    ("twice", "SI-04", "a message reaches a handler twice", "", "hearing"),
    ("one alone hears", "SI-04", "a message reaches one handler alone", "", "hearing"),
    ("latest first", "SI-04", "a handler hears the latest message first", "", "order"),
    ("ids are used again", "SI-05", "the id of a handler is given to another", "leave", "ids"),
    ("one id for all", "SI-05", "two handlers have one id", "", "ids"),
    ("still hears", "SI-05", "a handler still hears after it was unregistered", "come leave"),
    ("others miss it", "SI-06", "other handlers miss a message at which one fails", "error", "failing"),
    ("others are cut off", "SI-06", "other handlers are cut off as one fails", "error", "failing"),
    (
        "nothing arrives after a handler has failed",
        "SI-06",
        "nothing arrives any more after a handler has failed",
        "error",
        "failing",
    ),
    ("hears no more", "SI-06", "a handler that fails once is called no more", "error", "failing"),
    ("the sender is not told", "SI-06", "the sender of a message is not told that a handler has failed", "error", "telling"),
    ("told without a type", "SI-06", "the sender of a message gets an error without a type", "error", "telling"),
    ("a transport error without a type", "SI-07", "an error of the transport comes back without a type", "refused", "typing"),
    (
        "a transport error without its cause",
        "SI-07",
        "a typed error lacks the cause that the transport gave",
        "refused",
        "typing",
    ),
    ("a fault without a type", "SI-07", "a fault of the peer comes back without a type", "fault", "faults"),
    ("a fault without its cause", "SI-07", "a typed error says nothing of the peer's fault", "fault", "faults"),
    ("a fault is a response", "SI-07", "a fault of the peer comes back as a response", "fault", "faults"),
    ("nothing is sent after a failure", "SI-07", "nothing is sent any more after the transport has failed once", "refused"),
    ("waits for a lost peer", "SI-07", "a call waits for ever for a peer that is lost", "lose"),
    ("neighbours share", "SI-08", "two services share something, or one makes a dependency of its own", "neighbours"),
    (
        "deaf while a handler runs",
        "SI-09",
        "nothing is received while a handler runs, and so no response to what it sends",
        "call sends",
    ),
    ("cannot register within", "SI-09", "a handler that registers another waits for ever", "registers"),
    ("cannot unregister within", "SI-09", "a handler that unregisters itself waits for ever", "leaves"),
    ("one alone receives", "SI-10", "a message reaches one reader alone", "come read"),
    ("lost while nobody receives", "SI-10", "a message is lost that comes while its reader does not receive", "come read"),
    (
        "missed at first",
        "SI-10",
        "a message is missed that was sent as soon as receive_messages() had returned",
        "come read then",
    ),
    ("a reader holds others up", "SI-10", "a reader that stops reading holds others up", "flood"),
    ("a cancelled receive takes one with it", "SI-10", "the message after a cancelled receive is lost", "come read cancel-read"),
    (
        "nothing arrives after a call was cancelled",
        "SI-11",
        "nothing arrives any more after a call was cancelled",
        "cancel",
        "cancelling",
    ),
    (
        "nothing is sent after a cancellation",
        "SI-11",
        "nothing is sent any more after a call was cancelled",
        "cancel",
        "cancelling",
    ),
    ("cancelled together", "SI-11", "other calls end when one is cancelled", "cancel", "cancelling"),
    ("no deadline", "SI-12", "a call does not end by its deadline", "deadline time", "deadline"),
    (
        "a timeout without a type",
        "SI-12",
        "a call ends by its deadline with an error without a type",
        "deadline time",
        "deadline",
    ),
    ("sent twice at once", "SI-13", "a request is sent again while one with its key is under way", "keyed", "keys"),
    ("sent again once answered", "SI-13", "a request is sent again after one with its key was answered", "keyed", "kept keys"),
    (
        "sent again after a cancellation",
        "SI-13",
        "a request is sent again after the call of one with its key was cancelled",
        "keyed cancel",
    ),
)
_ELUSIVE: tuple[tuple[str, ...], ...] = (
    ("answers go astray", "SI-03", "a response goes to another call, or is lost", "", "answering"),
    ("out of order", "SI-04", "a handler hears messages in another order", "", "order"),
    ("some are not heard", "SI-04", "some messages do not reach a handler", "", "hearing"),
    (
        "lost as its receive is cancelled",
        "SI-10",
        "a message is lost that comes as its receive is cancelled",
        "come read cancel-read",
    ),
    ("some are not received", "SI-10", "some messages do not reach a reader", "come read"),
    ("others end with it", "SI-11", "a call ends otherwise as another is cancelled", "cancel", "cancelling"),
)
BROAD = {"answers go astray", "out of order", "some are not heard", "some are not received", "others end with it"}


def _deviations(rows: tuple[tuple[str, ...], ...], elusive: bool = False) -> dict[str, Deviation]:
    made = {}
    for row in rows:
        name, requirement, sentence, uses, aspect = (*row, "", "")[:5]
        uses = " ".join([*ABOUT.get(requirement, "").split(), *uses.split()])
        made[name] = Deviation(name, requirement, sentence, uses, aspect, name in BROAD, elusive)
    return made


DEVIATIONS: dict[str, Deviation] = _deviations(_ROWS) | _deviations(_ELUSIVE, elusive=True)
