"""The ways in which a shared state can be wrong."""

from __future__ import annotations

from dataclasses import replace

from patternproof.modelling import Deviation

_ROWS = (
    ("the version stays", "SS-01", "an update does not raise the version", "", "step"),
    ("the version grows by two", "SS-01", "an update raises the version by two", "", "step"),
    ("a failure is silent", "SS-01", "an update whose function fails returns as if it had succeeded", "fail"),
    ("a failure leaves changes", "SS-02", "what a function changed before it failed stays in the data", "fail", "trace"),
    (
        "a failure leaves changes inside",
        "SS-02",
        "what a function changed inside of the data before it failed stays",
        "fail",
        "trace",
    ),
    ("a failure undoes more", "SS-02", "an update whose function fails undoes the update before it", "fail", "trace"),
    ("a failure raises the version", "SS-02", "an update whose function fails raises the version", "fail"),
    ("a failure is told", "SS-02", "listeners hear of an update whose function failed", "fail listen"),
    ("a failure moves last_updated", "SS-02", "an update whose function fails moves last_updated", "fail time"),
    (
        "an abort leaves changes",
        "SS-02",
        "what a function changed before it raised what is no Exception stays in the data",
        "abort",
        "trace",
    ),
    (
        "a failing update_if leaves changes",
        "SS-02",
        "what a function of update_if() changed before it failed stays in the data",
        "compare compare_fail",
        "trace",
    ),
    ("an idle update is not counted", "SS-01", "an update whose function changes nothing does not raise the version", "idle"),
    (
        "an idle update is not told",
        "SS-07",
        "a version that an update makes whose function changes nothing is not told",
        "idle listen",
    ),
    ("starts from an old version", "SS-03", "an update starts from an older version, and undoes the one before it"),
    ("snapshots follow the state", "SS-04", "a snapshot that was taken changes with later updates"),
    ("a changed snapshot changes the state", "SS-04", "changing a snapshot changes the state", "change", "change"),
    ("readers share what can be changed", "SS-04", "changing a snapshot changes another of the same version", "change", "change"),
    ("follows the wall clock", "SS-06", "last_updated goes back with the wall clock", "wall"),
    ("stamps the reading", "SS-06", "last_updated is when the state was read, and not when the version was made", "wall"),
    ("a listener changes the state", "SS-04", "a listener that changes what it is told changes the state", "changing"),
    ("tells nobody", "SS-07", "a version is told to nobody", "listen", "telling"),
    ("update_if() tells nobody", "SS-07", "a version that update_if() made is told to nobody", "compare listen", "telling"),
    ("tells twice", "SS-07", "a version is told twice", "listen", "telling"),
    ("tells before the commit", "SS-07", "a listener is told of a version that get() does not give yet", "reentrant"),
    ("a listener cannot update", "SS-08", "an update by a listener never ends", "reentrant"),
    ("a slow listener delays", "SS-09", "an update ends only once a slow listener is done", "slow"),
    ("a slow listener holds others up", "SS-09", "a listener hears nothing until a slow one is done", "slow listen", "slow"),
    ("a failing listener silences", "SS-09", "listeners added after a failing one do not hear", "failing listen"),
    ("a failing listener is dropped", "SS-09", "a listener that has failed is not told again", "failing"),
    ("a failing listener fails the update", "SS-09", "the error of a listener comes out of the update", "failing"),
    ("errors are not reported", "SS-09", "the error of a listener is not reported", "failing"),
    ("who ends cancelled is dropped", "SS-09", "a slow listener that ends as cancelled is not told again", "slow abandon"),
    (
        "a failing report comes out",
        "SS-09",
        "an error of a listener of errors comes out of the update",
        "failing reports",
    ),
    ("who leaves silences the next", "SS-07", "a listener that removes itself keeps the next one from hearing", "leaving listen"),
    ("hears after its removal", "SS-11", "a listener that was removed still hears", "listen remove"),
    ("hears what is there", "SS-11", "a listener that is added hears of the version that is there already", "listen", "adding"),
    ("who is invited hears at once", "SS-11", "a listener that another adds hears of the version that is being told", "inviting"),
    ("misses the next", "SS-11", "a listener that is added does not hear of the next version", "listen", "adding"),
    ("readers wait", "SS-12", "readers wait for one another", "readers"),
    ("readers starve a writer", "SS-12", "an update waits for as long as readers keep coming", "readers"),
    ("a later version will do", "SS-13", "update_if() succeeds for a version that is still to come", "compare"),
    ("any version will do", "SS-13", "update_if() succeeds whatever the version", "compare", "compare"),
    ("a conflict leaves changes", "SS-13", "update_if() with another version is a conflict, and changes the data", "compare"),
    ("no version will do", "SS-13", "update_if() fails though the version is the latest", "compare", "compare"),
)
_BROAD = (
    ("another result", "SS-01", "an update returns something else than its function"),
    ("an older version", "SS-05", "get() gives a version that is not the latest"),
    ("tells otherwise", "SS-07", "versions are not told once each, in order, as they are", "listen", "telling"),
    ("a conflict is answered otherwise", "SS-13", "update_if() with another version ends in no version conflict", "compare"),
)
_HARM = (
    ("harm by a changing listener", "SS-04", "a listener that changes what it is told does harm", "changing"),
    ("harm by a changed snapshot", "SS-04", "changing a snapshot does harm", "change"),
    ("harm by a failure", "SS-02", "an update whose function fails does harm", "fail"),
    ("harm by a failing listener", "SS-09", "a failing listener does harm", "failing"),
    ("harm by a slow listener", "SS-09", "a slow listener does harm", "slow"),
    ("harm by a failing listener of errors", "SS-09", "a listener of errors that fails does harm", "failing reports"),
    ("harm by calling back", "SS-08", "a listener that calls get() or update() does harm", "reentrant"),
    ("harm by coming and going", "SS-11", "a listener that adds or removes one while it is told does harm"),
    ("harm by a conflict", "SS-13", "update_if() with another version does harm", "compare"),
)
_ELUSIVE = (
    ("overlapping updates undo one another", "SS-03", "updates that overlap start from one version, and one of them is lost"),
    ("half an update is seen", "SS-04", "get() gives what a function is only halfway through with", "held"),
    ("a snapshot mixes versions", "SS-04", "get() gives the number of one version and the data of another"),
    ("overlapping updates are told out of order", "SS-07", "versions of updates that overlap are told out of order", "listen"),
    ("what waits is dropped", "SS-07", "versions that wait for a slow listener are not told", "slow"),
    ("a cancelled update is not told", "SS-10", "an update that is cancelled after its commit is not told", "cancel listen"),
    ("hears what waited for it", "SS-11", "a listener that was removed hears what had waited for it", "slow remove"),
    ("another is removed", "SS-11", "removing one listener removes another", "listen remove"),
    ("rivals all succeed", "SS-13", "update_if() succeeds for several rivals", "compare"),
)
_ELUSIVE_BROAD = (
    ("the version grows otherwise", "SS-01", "an update raises the version by something else than one", "", "step"),
)
_ELUSIVE_HARM = (
    ("harm by a cancellation", "SS-10", "an update that is cancelled does harm", "cancel"),
    ("harm by overlapping", "SS-03", "updates that overlap do harm"),
)

CAUSES = {row[0]: row[0].removeprefix("harm by ") for row in (*_HARM, *_ELUSIVE_HARM)}
"""By deviation after which anything may be seen, what it takes."""

DEVIATIONS = {
    **{row[0]: Deviation(*row) for row in _ROWS},
    **{row[0]: replace(Deviation(*row), elusive=True) for row in _ELUSIVE},
    **{row[0]: replace(Deviation(*row), broad=True) for row in _BROAD},
    **{row[0]: replace(Deviation(*row), broad=True, elusive=True) for row in (*_ELUSIVE_BROAD, *_ELUSIVE_HARM[:1])},
    # What harm it does, and when it shows, is anybody's guess: no history shows it for certain.
    **{row[0]: replace(Deviation(*row), broad=True, elusive=True) for row in _HARM},
    **{row[0]: replace(Deviation(*row), broad=True, elusive=True) for row in _ELUSIVE_HARM[1:]},
}
