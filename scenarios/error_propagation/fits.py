"""Which observations of errors fit, and which are plain."""

from __future__ import annotations

from typing import Any

from patternproof.modelling import Names
from patternproof.ports.error_propagation import ErrorPropagationSettings, Kind

from .deviations import strikes
from .events import RELEASE, Failure
from .state import Tracked

ALL = frozenset(map(str, Kind))
RIGHT_KINDS = {
    "failure": frozenset({"dependency_error"}),
    "outage": frozenset({"dependency_error"}),
    "not_found": frozenset({"resource_not_found"}),
    "denied": frozenset({"permission_denied"}),
    "failed": frozenset({"operation_failed"}),
    "invalid": frozenset({"operation_failed"}),
    "puzzling": frozenset({"unexpected"}),
    # Who gets an error of an unknown type from a dependency may hold it for one of the dependency.
    "foreign": frozenset({"unexpected", "dependency_error"}),
    "group": frozenset({"dependency_error", "unexpected", "operation_failed"}),
}
"""By how the dependency's call ended, the kinds that a right component may tell; the plainest is the first of `PLAIN`."""
PLAIN = ("dependency_error", "resource_not_found", "permission_denied", "operation_failed", "unexpected")
HINTS = {"failure": False, "outage": True, "not_found": False, "denied": False, "failed": False}
"""What the dependency says itself of whether a retry can help; of other errors nobody knows."""
SERVER_ERRORS = frozenset(range(500, 600))
STATUSES = {
    # RFC 9110, 15.5.11: gone for good says more than not found.
    "resource_not_found": frozenset({404, 410}),
    # 15.5.2, 15.5.4, 15.5.8, RFC 7725: for want of credentials, in spite of them, by law; 404 hides that there is anything.
    "permission_denied": frozenset({401, 403, 404, 407, 451}),
    # Whose fault a failed operation is depends on the operation.
    "operation_failed": frozenset(range(400, 600)),
    # RFC 4918, 11.4, and RFC 6585, 4: a failed dependency, or one that asks for fewer requests.
    "dependency_error": SERVER_ERRORS | {424, 429},
    "unexpected": SERVER_ERRORS,
}
"""By kind, the HTTP statuses that say so."""
PLAIN_STATUSES = {
    "resource_not_found": 404,
    "permission_denied": 403,
    "operation_failed": 422,
    "dependency_error": 502,
    "unexpected": 500,
}


def kinds_of(how: str, layered: bool, deviations: Names) -> frozenset[str]:
    """The kinds that an error may be told as."""
    right = RIGHT_KINDS[how]
    if strikes("kind", how, False, deviations):
        return ALL - right
    return ALL if layered and strikes("kind", how, True, deviations) else right


def loses(how: str, layered: bool, deviations: Names) -> bool:
    """Whether its original is plainly not to be reached from what is told."""
    return strikes("lost", how, layered, deviations)


def may_lose(how: str, layered: bool, seen: bool, deviations: Names) -> bool:
    """Whether its original may be out of reach, or within it."""
    if strikes("lost", how, False, deviations):
        return seen
    if strikes("success", how, False, deviations) or strikes("passes", how, False, deviations):
        return True  # another resource has failed, and this one was taken for a success
    return not seen or (layered and strikes("lost", how, True, deviations))


def plain_failure(call: Tracked, settings: ErrorPropagationSettings, deviations: Names) -> Failure:
    """What a component with these deviations plainly tells."""
    hows, layered = dict(call.ended), len(settings.layers) > 1
    told = call.failing[:1] if "only the first" in deviations else call.failing
    apart = any("dependency_error" not in RIGHT_KINDS[hows[resource]] for resource in told)
    if call.release != "ok" and apart and "cleaning up hides" in deviations:
        return Failure(("dependency_error",), (RELEASE,), call.failing)
    kinds = {plain_kind(hows[resource], layered, deviations) for resource in told}
    lost = [each for each in call.failing if each not in told or loses(hows[each], layered, deviations)]
    return Failure(tuple(sorted(kinds)), tuple(each for each in told if each not in lost), tuple(lost))


def plain_kind(how: str, layered: bool, deviations: Names) -> str:
    """The kind that an error is plainly told as; another one than the right, where a deviation allows for any."""
    allowed, right = kinds_of(how, layered, deviations), RIGHT_KINDS[how]
    return next(kind for kind in PLAIN if kind in allowed and (allowed <= right or kind not in right))


def failure_fits(call: Tracked, seen: Failure, settings: ErrorPropagationSettings, deviations: Names) -> bool:
    """Whether what was seen of an error may be told of a request."""
    hows, layered = dict(call.ended), len(settings.layers) > 1
    reported = [each for each in seen.origins if each != RELEASE]
    raised = sorted((*reported, *seen.lost))
    if not raised or not set(raised) <= set(call.failing) or not set(seen.kinds) <= ALL:
        return False
    if call.release != "ok" and "cleaning up hides" in deviations:
        return True
    shadowed = "only the first" in deviations and len(raised) > 1
    if not shadowed and not all(may_lose(hows[each], layered, each in seen.lost, deviations) for each in raised):
        return False
    if len(raised) > 1:
        return bool(seen.kinds)  # what several errors come to together is for the component to say
    right = kinds_of(hows[raised[0]], layered, deviations)
    fitting = [kind for kind in seen.kinds if kind in right]
    return bool(fitting) and (len(fitting) == len(seen.kinds) or RELEASE in seen.origins)


def plain_value(what: str, call: Tracked | None, settings: ErrorPropagationSettings, deviations: Names) -> Any:
    """What is plainly found of an aspect of an error, or of the codes or a document."""
    if what == "codes":
        return next((text for name, text in CODES.items() if name in deviations), "")
    if what == "document":
        return "no error came of it" if "unknown documents are nothing" in deviations else ""
    how, layered = _how(call), len(settings.layers) > 1
    strikes_it = strikes(what, how, layered, deviations) or _names_another(what, call, deviations)
    if what == "hint":
        return (None if strikes_it else HINTS[how]) if how in HINTS else None
    if what == "status":
        return None if strikes_it or not how else PLAIN_STATUSES[plain_kind(how, layered, deviations)]
    return FAULTS[what] if strikes_it else ""


CODES = {"codes change": "one kind has several codes", "codes are shared": "several kinds share a code"}
FAULTS = {
    "context": "it names another component, operation or resource",
    "sentence": "it has no sentence for people",
    "chain": "the contexts of the layers are not there once each, outermost first",
    "survival": "something did not survive",
    "leaks": "insides are in it",
}
"""By what is looked at where any fault is wrong, the plain text of one."""


def _names_another(what: str, call: Tracked | None, deviations: Names) -> bool:
    return what == "context" and call is not None and call.resources > 1 and "names another of several" in deviations


def value_fits(what: str, seen: Any, call: Tracked | None, settings: ErrorPropagationSettings, deviations: Names) -> bool:
    """Whether what was found of an aspect may be."""
    if what == "codes":
        return bool(seen == plain_value(what, call, settings, deviations))
    if what == "document":
        return seen == "" or "unknown documents are nothing" in deviations
    how, layered = _how(call), len(settings.layers) > 1
    if strikes(what, how, layered, deviations) or _names_another(what, call, deviations):
        return True
    if what == "hint":
        return how not in HINTS or seen is HINTS[how]
    if what == "status":
        kinds = kinds_of(how, layered, deviations) if how else ALL
        return any(seen in STATUSES[kind] for kind in kinds)
    return bool(seen == "")


def _how(call: Tracked | None) -> str:
    """How the one call of the dependency ended that a request failed by; empty where there are several."""
    failing = [] if call is None or call.release != "ok" else [how for _, how in call.ended if how != "ok"]
    return failing[0] if len(failing) == 1 else ""
