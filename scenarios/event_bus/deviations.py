"""The ways in which an event bus can be wrong."""

from __future__ import annotations

from patternproof.modelling import Deviation

from .events import PULL, PUSH
from .state import by_fetching, by_handlers

_OF_BOTH: tuple[tuple[str, ...], ...] = (
    ("once a topic", "EB-03", "a subscription to two topics gets an event twice", "@-XY", "copies"),
    ("one alone gets each", "EB-01", "each event reaches one subscription alone", "@", "copies"),
    ("twice", "EB-01", "an event arrives twice", "@", "copies"),
    ("any topic", "EB-02", "events arrive of topics that were not asked for", "@ topic"),
    ("latest first", "EB-04", "the latest event arrives first", "@", "order"),
    ("topic by topic", "EB-04", "events of one topic arrive before earlier ones of another", "@-XY topic", "order"),
    ("late", "EB-05", "an event is missed that was published as soon as subscribe() had returned", "@-then"),
    ("the latest is replayed", "EB-06", "a new subscription gets the event before it", "@"),
    (
        "early",
        "EB-06",
        "a new subscription gets an event whose publishing had ended before it was asked for",
        "@-after",
    ),
    ("still gets", "EB-09", "events still arrive after unsubscribe()", "@ leave", "leaving"),
    ("ends late", "EB-09", "an event arrives that was published as soon as unsubscribe() had returned", "@ leave-then"),
    ("outlives its scope", "EB-09", "events still arrive after the scope was left", "@ scope"),
    ("is held on to", "EB-09", "the bus holds on to what is gone", "@ leave leftovers"),
    ("changed for all", "EB-12", "what one subscriber changes in an event, others get changed", "@ spoil"),
    ("thrown away by close()", "EB-14", "events that were accepted before close() are lost", "@ close"),
    ("data is changed", "EB-16", "an event arrives with other data than it was published with", "@ payload"),
    ("an order of its own", "EB-17", "subscriptions see events of different publishers in different orders", "@ other", "order"),
)
_OF_OVERFLOW: tuple[tuple[str, ...], ...] = (
    ("what is gone holds publishers up", "EB-09", "a subscription that is gone holds publishers up", "pull leave", "leaving"),
    ("no bound", "EB-13", "there is no bound to what waits to be received", "pull", "bound"),
    ("block: no bound", "EB-13", "publish() never waits, however much waits to be received", "pull"),
    ("drop_oldest: no bound", "EB-13", "nothing is ever dropped, however much waits to be received", "pull"),
    ("drop_newest: no bound", "EB-13", "nothing is ever dropped, however much waits to be received", "pull"),
    ("disconnect: no bound", "EB-13", "nobody is ever disconnected, however much waits to be received", "pull"),
    ("drops in place of waiting", "EB-13", "an event is dropped where publish() should wait", "pull", "block"),
    ("drops in place of disconnecting", "EB-13", "an event is dropped where the subscription should end", "pull", "disconnect"),
    ("silent", "EB-13", "dropped events are not counted", "pull"),
    ("another one is dropped", "EB-13", "another event is dropped than the policy says", "pull"),
    ("waits in place of dropping", "EB-13", "publish() waits where an event should be dropped", "pull", "drop"),
    ("publishing fails when one is full", "EB-13", "publish() fails when a subscription is full", "pull", "full"),
    ("a full one keeps events from others", "EB-07", "an event for which one has no room misses another", "pull", "full"),
)
_OF_CALLING: tuple[tuple[str, ...], ...] = (
    (
        by_handlers("awaited one by one"),
        "EB-07",
        "a handler is called only once another has returned, and publish() waits for them",
        "push",
        "awaiting",
    ),
    (by_handlers("publishing waits for them"), "EB-07", "publish() waits for the handlers", "push", "awaiting"),
    (
        by_handlers("dispatched one by one"),
        "EB-07",
        "a handler is called only once another has returned, while publish() goes on",
        "push",
        "awaiting",
    ),
    (
        by_handlers("dispatched together"),
        "EB-07",
        "the next event waits until all handlers have returned",
        "push",
        "awaiting",
    ),
)
"""These stand first: of two handlers that are not called together much else may be said as well, and nearly always this is it."""
_OF_EITHER: tuple[tuple[str, ...], ...] = (
    (by_handlers("side by side"), "EB-04", "a handler is called with an event while it is busy with the one before", "push"),
    (by_handlers("publishing within waits"), "EB-07", "publish() does not end where a handler calls it", "push publishes"),
    ("publishing to nobody fails", "EB-08", "publishing with no subscriber fails", "", "nobody"),
    ("publishing to nobody waits", "EB-08", "publishing with no subscriber does not end", "", "nobody"),
    (
        "an unsubscribe meanwhile skips another",
        "EB-10",
        "a subscription that ends while an event waits to be published makes another miss it",
        "pull leave",
    ),
    ("a handler cannot unsubscribe itself", "EB-10", "a handler that unsubscribes itself fails to", "push leaves"),
    ("a cancelled receive takes one with it", "EB-11", "the event after a cancelled receive is lost", "pull cancel"),
    (
        "a publisher that gives up holds up all others",
        "EB-13",
        "once a publisher has given up waiting for room, all others wait for ever",
        "pull give-up",
    ),
    ("a disconnected one is not told", "EB-13", "a subscription that is disconnected is not told", "pull"),
    ("subscriptions are not ended", "EB-14", "subscriptions are not ended by close()", "pull close"),
    ("publishing goes on after close()", "EB-14", "publishing after close() is no error", "close", "refusing"),
    (
        "refused otherwise",
        "EB-14",
        "publishing after close() fails with another error than that the bus is closed",
        "close",
        "refusing",
    ),
    (
        "a handler that is cancelled hears no more",
        "EB-15",
        "a handler that ends as cancelled is not called again",
        "push cancelled",
        "cancelled",
    ),
    (
        "a handler that is cancelled stays as it is",
        "EB-15",
        "a handler that has ended as cancelled is called no more, and what comes for it waits",
        "push cancelled",
        "cancelled",
    ),
    ("a failing handler hears no more", "EB-15", "a handler that fails once is not called again", "push error", "failing"),
    (
        "a failing handler stays as it is",
        "EB-15",
        "a handler that has failed once is called no more, and what comes for it waits",
        "push error",
        "failing",
    ),
    ("errors of handlers are not reported", "EB-15", "the error of a handler is not reported", "push error"),
    ("encoding changes data", "EB-16", "an event that is encoded and decoded is another", "wire"),
)
_ELUSIVE_OF_BOTH: tuple[tuple[str, ...], ...] = (
    ("out of order", "EB-04", "events of one publisher arrive in another order", "@", "order"),
    (
        "each an order of its own",
        "EB-17",
        "subscriptions see events of different publishers in different orders",
        "@ other",
        "order",
    ),
    ("some are lost", "EB-01", "some events do not arrive", "@"),
)
_ELUSIVE: tuple[tuple[str, ...], ...] = (
    # It shows only where handlers wait for one another.
    (
        by_handlers("called all the same"),
        "EB-09",
        "a handler is called that was unsubscribed while another one ran",
        "push removes",
    ),
    ("publishing fails as subscriptions change", "EB-10", "publish() fails as a subscription begins or ends", ""),
    ("subscriptions are skipped as others change", "EB-10", "an event misses a subscription as another begins or ends", ""),
    ("thrown away inside by close()", "EB-14", "an event that was accepted, and waits inside, is lost by close()", "close"),
    # Whether a gap is told of is left to the bus.
    ("gaps are miscounted", "EB-13", "a subscription is told of more dropped events than it counts, or of none", "pull"),
    ("lost as its receive is cancelled", "EB-11", "an event is lost that comes as its receive is cancelled", "cancel"),
)
_CLOSES = ("close() never ends", "EB-14", "close() does not end although all is drained", "close")
BROAD = {_CLOSES[0]}.union(*({by_fetching(row[0]), by_handlers(row[0])} for row in _ELUSIVE_OF_BOTH))


def _deviations(rows: tuple[tuple[str, ...], ...], elusive: bool = False) -> dict[str, Deviation]:
    made = {}
    for row in rows:
        name, requirement, sentence, uses, aspect = (*row, "", "")[:5]
        made[name] = Deviation(name, requirement, sentence, uses, aspect, name in BROAD, elusive)
    return made


def _styled(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Each deviation twice: of those that fetch their events, and of handlers."""
    made: list[tuple[str, ...]] = []
    for name, identifier, text, uses, *aspect in rows:
        made.append((by_fetching(name), identifier, f"when fetched, {text}", uses.replace("@", PULL), *map(by_fetching, aspect)))
        made.append((by_handlers(name), identifier, f"with handlers, {text}", uses.replace("@", PUSH), *map(by_handlers, aspect)))
    return tuple(made)


def _of_all_or_handlers(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Each deviation twice: of all subscriptions, and of handlers alone."""
    made: list[tuple[str, ...]] = []
    for name, identifier, text, uses, *aspect in rows:
        made.append((name, identifier, text, uses, *aspect))
        made.append((by_handlers(name), identifier, f"with handlers, {text}", uses.replace(PULL, PUSH), *aspect))
    return tuple(made)


DEVIATIONS: dict[str, Deviation] = (
    _deviations(_OF_CALLING)
    | _deviations(_styled(_OF_BOTH))
    | _deviations(_of_all_or_handlers(_OF_OVERFLOW))
    | _deviations(_OF_EITHER)
    | _deviations(_ELUSIVE, elusive=True)
    | _deviations((_CLOSES,))
    | _deviations(_styled(_ELUSIVE_OF_BOTH), elusive=True)
)
