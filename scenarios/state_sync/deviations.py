"""The ways in which a state synchroniser can be wrong."""

from __future__ import annotations

from dataclasses import replace

from patternproof.modelling import Deviation

_ROWS = (
    ("writes fail offline", "SY-01", "a write fails while the store is unreachable", "line"),
    ("reads fail offline", "SY-01", "a read fails while the store is unreachable", "line"),
    ("writes wait for a sync", "SY-01", "a write waits while a sync waits for the store", "hold"),
    ("a sync takes nothing from the store", "SY-02", "a sync does not bring what others have pushed"),
    ("what a lost reply held never comes", "SY-02", "what the store told in a reply that was lost never arrives", "deaf"),
    (
        "the order of three decides",
        "SY-03",
        "merging is not associative: the order of syncs decides among three",
        "experiment",
        "order",
    ),
    (
        "merging again changes the value",
        "SY-03",
        "merging is not idempotent: syncing again changes the value",
        "experiment",
        "order",
    ),
    ("the order of syncs decides", "SY-04", "who syncs last, or first, wins a conflict", "experiment"),
    ("what is written during a sync is overwritten", "SY-05", "what was written during a sync is overwritten as it ends", "hold"),
    ("what is written during a sync is not pushed", "SY-05", "what was written during a sync is never pushed", "hold"),
    (
        "what was written offline is not pushed",
        "SY-05",
        "what was written while the store was unreachable is never pushed",
        "line",
    ),
    (
        "what a failed sync was to push is not pushed again",
        "SY-05",
        "what a failed sync was to push is never pushed again",
        "line",
    ),
    ("a failed sync is not reported", "SY-06", "a sync that failed reports no error", "line", "failed sync"),
    ("a failed sync never ends", "SY-06", "a sync that fails never ends", "line", "failed sync"),
    ("a failed sync empties the local state", "SY-06", "a sync that failed changed the local state", "line"),
    ("last_sync changes though a sync failed", "SY-06", "last_sync changes though the sync failed", "line"),
    ("every write is pushed at once", "SY-07", "automatic pushes are less than a sync_interval apart", "", "pushes"),
    (
        "the last write of an interval is not pushed",
        "SY-07",
        "the last write of an interval waits for a further one",
        "",
        "pushes",
    ),
    ("nothing is pushed by itself", "SY-07", "nothing is pushed by itself", "", "pushes"),
    ("a late push undoes what came after", "SY-08", "a push that is delivered again undoes what came after it", "again"),
    (
        "a deletion is forgotten",
        "SY-09",
        "a deleted key comes back from a replica that had not heard of it",
        "delete",
        "deletion",
    ),
    ("a deletion is not pushed", "SY-09", "a deleted key comes back with the next sync", "delete", "deletion"),
    ("the wall clock decides", "SY-10", "the wall clock lets an old value win over the one that overwrote it", "wall"),
    (
        "a wall clock set back stops automatic pushes",
        "SY-10",
        "automatic pushes stop when the wall clock is set back",
        "wall",
        "pushes",
    ),
    ("after a cancelled sync no other ends", "SY-12", "after a sync was cancelled no other works", "hold cancel", "cancelled"),
    (
        "a cancelled sync loses what it was to push",
        "SY-12",
        "what a cancelled sync was to push is never pushed",
        "hold cancel",
        "cancelled",
    ),
    ("the whole state is transferred", "SY-13", "what is transferred grows with the state, not with the change", "experiment"),
    ("retries at once", "SY-14", "retries do not wait", "line", "waits"),
    ("retries do not back off", "SY-14", "the waits before retries do not grow", "line", "waits"),
    ("waits grow beyond the bound", "SY-14", "the waits before retries grow beyond retry_max", "line", "waits"),
    ("retries for ever", "SY-14", "there are more retries than the settings allow", "line", "waits"),
    ("retries without jitter", "SY-14", "the waits before retries do not depend on chance", "line chance", "waits"),
    ("conflicts are not merged", "SY-15", "a conflict is decided without the merge function", "", "merge"),
    ("merging has another base", "SY-15", "the merge function is not given the last common value as its base", "", "merge"),
)
_BROAD = (
    ("conflicts end differently", "SY-04", "a conflict ends differently on different replicas"),
    ("reports otherwise", "SY-11", "the SyncResult is not what the sync did"),
)
_ELUSIVE = (
    ("one sync takes another's push for its own", "SY-12", "of two syncs at a time one takes what the other sends for stored"),
)

DEVIATIONS = {
    **{row[0]: Deviation(*row) for row in _ROWS},
    **{row[0]: replace(Deviation(*row), elusive=True) for row in _ELUSIVE},
    **{row[0]: replace(Deviation(*row), broad=True) for row in _BROAD},
}
