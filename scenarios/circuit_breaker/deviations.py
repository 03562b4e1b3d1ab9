"""The ways in which a circuit breaker can be wrong."""

from __future__ import annotations

from dataclasses import replace

from patternproof.modelling import Deviation

_ROWS = (
    ("runs twice", "CB-01", "the operation runs more than once for one call"),
    ("another result", "CB-01", "the result that comes back is not the operation's"),
    ("another error", "CB-02", "the error that comes back is not the operation's own"),
    ("successes keep the count", "CB-03", "failures are counted over all time, not consecutively"),
    (
        "successes take one failure off",
        "CB-03",
        "a success takes one failure off the count, and does not reset it",
    ),
    ("failures never open", "CB-04", "failures do not open the circuit", "", "threshold"),
    ("successes count as failures", "CB-04", "a success counts as a failure"),
    ("opens one failure early", "CB-04", "the circuit opens one failure before failure_threshold", "", "threshold"),
    ("opens one failure late", "CB-04", "the circuit opens one failure after failure_threshold", "", "threshold"),
    ("open runs", "CB-05", "the operation runs while the circuit is open", "", "open"),
    ("open answers otherwise", "CB-05", "a call while open ends in something else than a circuit-open error", "", "open"),
    ("waits while open", "CB-05", "a call waits while the circuit is open, in place of failing at once", "", "open"),
    ("rejecting restarts the timer", "CB-06", "a call that is rejected restarts reset_timeout", "short"),
    ("open for ever", "CB-06", "no probe is admitted once reset_timeout has passed"),
    ("any number of probes", "CB-07", "half_open admits every call", "", "probes"),
    ("waits for a probe", "CB-07", "in half_open a call waits for a probe to end, in place of being rejected", "", "probes"),
    ("one probe too many", "CB-07", "half_open admits one call more than half_open_max_calls", "", "probes"),
    (
        "any success closes",
        "CB-08",
        "the first successful probe closes the circuit, whatever success_threshold says",
        "",
        "successes",
    ),
    ("closes one success late", "CB-08", "the circuit closes one successful probe after success_threshold", "", "successes"),
    (
        "successes do not add up",
        "CB-08",
        "the successes of several probes do not add up to success_threshold",
        "",
        "successes",
    ),
    ("never closes", "CB-08", "successful probes do not close the circuit", "", "closing"),
    ("closes with a stale count", "CB-08", "one failure after closing opens the circuit again"),
    ("a cancelled probe closes", "CB-08", "a probe that was cancelled counts as a success", "cancel", "cancelled probe"),
    (
        "an interrupted probe closes",
        "CB-08",
        "a probe that raised a BaseException counts as a success",
        "interruption",
        "interrupted probe",
    ),
    ("reopening keeps its old timer", "CB-09", "after a failed probe the next one is admitted too early", "short"),
    ("a failed probe does not reopen", "CB-09", "after a failed probe the circuit stays half_open", "", "failed probe"),
    ("a failed probe closes", "CB-09", "a failed probe closes the circuit", "", "failed probe"),
    ("a late success closes", "CB-10", "a call that began before the circuit opened closes it by its success"),
    ("a late success counts as a probe", "CB-10", "in half_open the success of an earlier call closes the circuit"),
    (
        "a late failure restarts the timer",
        "CB-10",
        "a failure of a call that began before the circuit opened restarts reset_timeout",
        "short",
    ),
    ("a late failure reopens", "CB-10", "in half_open the failure of an earlier call re-opens the circuit"),
    ("a late outcome frees a slot", "CB-10", "in half_open the end of an earlier call gives back a slot that it does not hold"),
    ("a late failure counts once closed again", "CB-10", "a failure from before counts in the closed state after"),
    ("a late success clears the count", "CB-10", "a success from before clears the failures counted after"),
    (
        "a cancelled probe keeps its slot",
        "CB-11",
        "after a probe was cancelled no other is admitted",
        "cancel",
        "cancelled probe",
    ),
    (
        "an interrupted probe keeps its slot",
        "CB-11",
        "after a probe raised a BaseException no other is admitted",
        "interruption",
        "interrupted probe",
    ),
    ("cancelling counts as a failure", "CB-12", "a cancelled call counts as a failure in closed state", "cancel", "cancelling"),
    ("cancelling counts as a success", "CB-12", "a cancelled call clears the failures in closed state", "cancel", "cancelling"),
    ("wall clock", "CB-13", "durations follow the wall clock", "wall"),
    ("shared state", "CB-14", "two breakers share their state", "other"),
    ("shared count", "CB-14", "two breakers share their count of failures", "other"),
    ("reading takes the probe", "CB-15", "reading the state after reset_timeout uses up the probe", "read"),
    ("reading restarts the timer", "CB-15", "reading the state of an open circuit restarts reset_timeout", "read short"),
    ("half_open reads as closed", "CB-15", "half_open reads as closed", "read", "half_open"),
    ("half_open reads as open", "CB-15", "half_open reads as open", "read", "half_open"),
    ("misreads", "CB-15", "the state reads otherwise than it behaves", "read"),
    (
        "the hint is the whole timeout",
        "CB-16",
        "the circuit-open error says the whole reset_timeout, and not what is left of it",
        "short",
        "hint",
    ),
    ("no hint", "CB-16", "the circuit-open error does not say how long until the next probe"),
    ("announces otherwise", "CB-17", "transitions are not announced once each, in order, with the old and the new state"),
    ("a failing listener silences the next", "CB-18", "listeners after a failing one do not hear", "listener"),
    ("ignored errors count", "CB-19", "an ignored error counts as a failure", "ignored", "ignored"),
    ("ignored errors clear the count", "CB-19", "an ignored error counts as a success in closed state", "ignored", "ignored"),
    ("an ignored probe closes", "CB-19", "an ignored error counts as a successful probe", "ignored", "ignored probe"),
    (
        "an ignored probe keeps its slot",
        "CB-19",
        "after a probe raised an ignored error no other is admitted",
        "ignored",
        "ignored probe",
    ),
    ("one at a time", "CB-21", "a call in closed state waits for another to end"),
    ("trip does nothing", "CB-22", "trip() does not open the circuit", "hand"),
    ("trip is undone", "CB-22", "after trip() the success of a call in flight closes the circuit", "hand"),
    ("reset does nothing", "CB-22", "reset() does not close the circuit", "hand"),
    ("reset is undone", "CB-22", "after reset() the failure of a call in flight counts", "hand"),
    ("reset keeps the count", "CB-22", "one failure after reset() opens the circuit again", "hand"),
    ("moves by hand are not announced", "CB-22", "trip() and reset() are not announced", "hand"),
    ("the minimum is ignored", "CB-23", "the circuit opens with fewer calls than minimum_calls"),
    ("the window never slides", "CB-23", "calls that have left the window still count", "short"),
    ("the rate never opens", "CB-23", "the failure rate does not open the circuit"),
)
_ELUSIVE = (
    ("reopening shortens the timer", "CB-09", "after a failed probe the next one is admitted before reset_timeout has passed"),
    ("probes come late", "CB-06", "a probe is admitted only some time after reset_timeout has passed"),
    ("probes come early", "CB-05", "a probe is admitted before reset_timeout has passed"),
    ("an earlier probe's success closes", "CB-10", "the success of a probe of an earlier half_open closes the circuit"),
    (
        "an earlier probe's failure reopens",
        "CB-10",
        "the failure of a probe of an earlier half_open re-opens the circuit or restarts its timer",
    ),
    ("simultaneous failures count once", "CB-04", "failures that end in the same turn are counted as one"),
    (
        "simultaneous calls are all probes",
        "CB-07",
        "every call that arrives while the circuit becomes half_open is admitted",
        "",
        "probes",
    ),
)

BROAD = {"another result", "another error", "open answers otherwise", "misreads", "no hint", "announces otherwise"}
"""What may show now and then only."""

_HARM = ("a failing listener does harm", "CB-18", "the error of a listener changes what comes after", "listener")

DEVIATIONS = {
    _HARM[0]: replace(Deviation(*_HARM), broad=True),  # explains whatever follows a failing listener, and nothing else
    **{row[0]: Deviation(*row) for row in _ROWS if row[0] not in BROAD},
    **{row[0]: replace(Deviation(*row), elusive=True) for row in _ELUSIVE},
    **{row[0]: replace(Deviation(*row), broad=True) for row in _ROWS if row[0] in BROAD},
}
