"""The ways in which a resource manager can be wrong."""

from __future__ import annotations

from dataclasses import replace

from patternproof.modelling import Deviation

_ROWS = (
    ("is got before it is up", "RL-01", "get() gives a resource that is not initialised yet", "slow"),
    ("is initialised twice", "RL-01", "a resource is initialised twice", "", "initialising"),
    ("is not initialised", "RL-01", "a resource is registered without being initialised", "", "initialising"),
    ("what is registered cannot be got", "RL-01", "a resource that is registered cannot be got", "", "getting"),
    ("a failing initialise is not told", "RL-02", "register() returns though initialize() has failed", "failing", "told"),
    ("a failed resource can be got", "RL-02", "a resource whose initialize() has failed is registered", "failing", "failed"),
    ("a failed resource keeps its id", "RL-02", "a resource whose initialize() has failed keeps the id", "failing", "failed"),
    (
        "what a failing initialise began is left",
        "RL-02",
        "what an initialize() that fails has begun is never cleaned up",
        "failing",
        "failed",
    ),
    (
        "a failed resource is cleaned up with the others",
        "RL-02",
        "what an initialize() that fails has begun is cleaned up with the others only",
        "failing",
        "failed",
    ),
    (
        "what a hanging initialise began is left",
        "RL-02",
        "what an initialize() that is given up has begun is never cleaned up",
        "slow time",
    ),
    ("the id is not named", "RL-03", "the error for an unknown id does not name it", "", "naming"),
    ("a taken id is ignored", "RL-04", "registering a taken id is ignored without an error", "", "taken"),
    ("a taken id is overwritten", "RL-04", "a resource is replaced without being cleaned up", "", "taken"),
    ("a taken id is hidden", "RL-04", "a second resource is registered beside the first of its id", "", "taken"),
    ("the second is left initialised", "RL-04", "a resource that is refused is left initialised", "", "taken"),
    ("the first is cleaned up as well", "RL-04", "a second resource is refused, and the first cleaned up", "", "taken"),
    ("a taken id is not replaced", "RL-04", "a resource is not replaced though it is to be", "", "replaced"),
    ("a replaced resource is left", "RL-04", "a resource that is to be replaced is not cleaned up", "", "replaced"),
    ("leaving the scope cleans up nothing", "RL-13", "leaving the scope cleans up nothing", "scope"),
    ("an error leaves the scope uncleaned", "RL-13", "leaving the scope by an error cleans up nothing", "scope"),
    ("a cancellation leaves the scope uncleaned", "RL-13", "leaving the scope by cancellation cleans up nothing", "scope cancel"),
    ("the error of the scope is lost", "RL-13", "an error in the scope is lost", "scope"),
    (
        "a cancelled leaving ends it all",
        "RL-13",
        "a cancellation while the scope is left ends the cleanup",
        "scope cancel lingers",
    ),
    ("nothing is cleaned up", "RL-05", "resources are not cleaned up", "", "cleaning"),
    ("cleans up twice", "RL-05", "a resource is cleaned up twice", "", "cleaning"),
    ("a failing cleanup ends it all", "RL-05", "after a cleanup that fails the others are not cleaned up", "unclean"),
    ("a broken cleanup ends it all", "RL-05", "after a cleanup that raises a BaseException the others are not", "unclean"),
    (
        "stays registered if it fails to clean up",
        "RL-05",
        "a resource whose cleanup fails is registered still, and cleaned up again",
        "unclean",
    ),
    ("cleans up in the order of registration", "RL-06", "resources are cleaned up in the order of registration", "", "order"),
    ("cleans up all at once", "RL-06", "a resource is cleaned up before a later one is done with it", "lingers", "order"),
    ("a hanging cleanup is not told", "RL-14", "a cleanup that was given up is not told", "lingers time"),
    ("failures to clean up are not told", "RL-07", "failures of cleanup are not told", "unclean", "failures"),
    ("one failure to clean up is told", "RL-07", "of several failures of cleanup one is told", "unclean", "failures"),
    ("can be got afterwards", "RL-08", "a resource can be got after the cleanup"),
    ("is initialised again afterwards", "RL-08", "a resource that was cleaned up is initialised again when it is got"),
    ("is cleaned up again", "RL-08", "a second cleanup cleans up again"),
    ("a second cleanup fails", "RL-08", "a second cleanup fails"),
    (
        "a second cleanup meanwhile cleans up again",
        "RL-08",
        "a second cleanup at the same time cleans up again",
        "lingers",
        "second",
    ),
    (
        "a second cleanup meanwhile goes on with the rest",
        "RL-08",
        "a second cleanup at the same time goes on with what the first has not come to",
        "lingers",
        "second",
    ),
    (
        "a resource that is being registered is left",
        "RL-09",
        "a resource that is being registered as the cleanup begins is left",
        "slow",
    ),
    (
        "a resource that comes during a cleanup is left",
        "RL-09",
        "a resource that is registered during a cleanup is left",
        "lingers",
    ),
    (
        "what a cancelled register began is left",
        "RL-10",
        "what a register() that is cancelled has begun is never cleaned up",
        "slow cancel",
        "cancelled",
    ),
    ("a cancelled register keeps the id", "RL-10", "a register() that is cancelled keeps the id", "slow cancel", "cancelled"),
    ("a cancelled register goes on", "RL-10", "a register() that is cancelled goes on", "slow cancel", "cancelled"),
    ("rivals both win", "RL-11", "two concurrent registrations of one id both succeed", "slow"),
    ("a failing check breaks the report", "RL-12", "a check that raises breaks the report", "health", "report"),
    ("a failing check counts as healthy", "RL-12", "a check that fails counts as healthy", "health", "report"),
    ("the unhealthy count as healthy", "RL-12", "a resource that is not healthy is reported as healthy", "health", "report"),
    ("the unhealthy are not reported", "RL-12", "a resource that is not healthy is left out", "health", "report"),
    ("a hanging check is waited for", "RL-12", "a check that takes too long holds up the report", "health hangs time", "late"),
    ("a hanging check breaks the report", "RL-12", "a check that takes too long breaks the report", "health hangs time", "late"),
    ("a hanging initialise is not given up", "RL-14", "an initialize() that hangs is not given up", "slow time"),
    ("a hanging cleanup is not given up", "RL-14", "a cleanup that hangs is not given up", "lingers time"),
    ("a hanging cleanup ends it all", "RL-14", "after a cleanup that was given up the others are not cleaned up", "lingers time"),
    ("needs are not looked at", "RL-15", "a resource is initialised though what it depends on is not there", "needs"),
    ("a circle is not refused", "RL-15", "a circle of dependencies is not refused", "needs"),
    ("is not restarted", "RL-16", "an unhealthy resource is not restarted", "health time", "restart"),
    ("is restarted without a cleanup", "RL-16", "an unhealthy resource is initialised again without a cleanup", "health time"),
    ("is cleaned up and not restarted", "RL-16", "an unhealthy resource is cleaned up and not initialised again", "health time"),
    ("is restarted without end", "RL-16", "an unhealthy resource is restarted without end", "health time"),
)
_BROAD = (
    (
        "a failing initialise is told otherwise",
        "RL-02",
        "register() raises something else than the error of initialize()",
        "failing",
    ),
    ("not found is told otherwise", "RL-03", "an unknown id is answered otherwise"),
    ("failures to clean up are told otherwise", "RL-07", "failures of cleanup are told otherwise", "unclean"),
    ("health is reported otherwise", "RL-12", "the health of the resources is reported otherwise", "health"),
)
_HARM = (
    ("harm by a failing initialise", "RL-02", "an initialize() that fails does harm", "failing"),
    ("harm by a failing cleanup", "RL-05", "a cleanup that fails does harm", "unclean"),
    ("harm by a second cleanup", "RL-08", "a second cleanup at the same time does harm", "lingers"),
    ("harm by a meeting", "RL-09", "a register() that meets a cleanup does harm", "slow"),
    ("harm by a cancellation", "RL-10", "a register() that is cancelled does harm", "slow cancel"),
    ("harm by rivals", "RL-11", "concurrent registrations of one id do harm", "slow"),
    ("harm by a failing check", "RL-12", "a check that fails does harm", "health"),
    ("harm by leaving", "RL-13", "leaving the scope does harm", "scope"),
    ("harm by leaving with an error", "RL-13", "leaving the scope with an error does harm", "scope"),
    ("harm by leaving by cancellation", "RL-13", "leaving the scope by cancellation does harm", "scope cancel"),
    ("harm by a cancelled leaving", "RL-13", "a cancellation while the scope is left does harm", "scope cancel"),
    ("harm by a hang", "RL-14", "what hangs does harm", "time"),
    ("harm by needs", "RL-15", "dependencies do harm", "needs"),
    ("harm by a restart", "RL-16", "a restart does harm", "health time"),
)
_ELUSIVE = (
    # Where the claim `replace` is made it is right, and so the model of a manager that has everything never shows it.
    ("a taken id is replaced", "RL-04", "a taken id goes to a second resource, and the first is cleaned up", "", "taken"),
    (
        "a cancelled leaving that waits cleans up nothing",
        "RL-13",
        "a cancellation while the scope waits to be left leaves all of it",
        "scope cancel",
    ),
    ("a cancelled register leaves it up", "RL-10", "a register() that is cancelled at its end leaves the resource", "cancel"),
    ("is cleaned up before those that need it", "RL-15", "a resource is cleaned up before those that depend on it", "needs"),
)
_BROAD_AND_ELUSIVE = (
    ("some are not cleaned up", "RL-05", "not every resource is cleaned up"),
    ("cleans up in some other order", "RL-06", "resources are cleaned up in another order"),
)

HARM = {row[0].removeprefix("harm by "): row[0] for row in _HARM}
"""By what has happened, the deviation after which anything may be seen from then on."""

DEVIATIONS = {
    **{row[0]: Deviation(*row) for row in _ROWS},
    **{row[0]: replace(Deviation(*row), elusive=True) for row in _ELUSIVE},
    **{row[0]: replace(Deviation(*row), broad=True) for row in _BROAD},
    # What harm it does, and when it shows, is anybody's guess: no history shows it for certain.
    **{row[0]: replace(Deviation(*row), broad=True, elusive=True) for row in (*_BROAD_AND_ELUSIVE, *_HARM)},
}
