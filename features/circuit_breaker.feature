Feature: Circuit breaker
  A circuit breaker stands between a caller and a dependency. While the dependency works the circuit is closed and every call
  goes through. When the dependency keeps failing the circuit opens: calls are rejected at once, so that the caller is not held
  up and the dependency is left alone. After a while the circuit is half-open: a few calls, the probes, find out whether the
  dependency has recovered.

  In the examples a call is in flight from its beginning until its operation succeeds or fails, or the call is cancelled.

  @CB-01 @must @feature @machine
  Rule: Closed: the operation runs exactly once, and its result comes back unchanged
    A payment that runs twice, or a result in a wrapper that nobody expects, is worse than no circuit breaker.
    Broken by: wrapping the result, running twice

    Example: a call goes through
      Given a circuit breaker that opens after 2 failures
      When call A begins
      And call A succeeds
      Then call A returns the result of its operation
      And the operation of call A has run once

    Example: a call after a failure goes through as well
      Given a circuit breaker that opens after 2 failures
      And a call has failed
      When call A begins
      And call A succeeds
      Then call A returns the result of its operation
      And the operation of call A has run once

  @CB-02 @must @feature @machine
  Rule: An operation's error reaches the caller as the same exception object, type and cause unchanged
    Callers handle errors by their type, and find out what went wrong by the cause.
    Broken by: re-raising a library error, losing the traceback

    Example: a failure in closed state
      Given a circuit breaker that opens after 2 failures
      When call A begins
      And call A fails
      Then call A raises the error of its operation
      And the error of call A has its cause unchanged

    Example: the failure that opens the circuit is no exception to it
      Given a circuit breaker that opens after 1 failure
      When call A begins
      And call A fails
      Then call A raises the error of its operation
      And the error of call A has its cause unchanged

    Example: the failure of a probe
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call P is in flight as a probe
      When call P fails
      Then call P raises the error of its operation
      And the error of call P has its cause unchanged

  @CB-03 @must @feature @machine
  Rule: A success in closed state resets the count of consecutive failures
    A dependency that fails now and then is not one that is down.
    Broken by: counting failures over all time

    Example: two failures with a success in between
      Given a circuit breaker that opens after 2 failures
      When a call fails
      And a call succeeds
      And a call fails
      Then the next call is admitted

    Example: a success that comes just in time
      Given a circuit breaker that opens after 3 failures
      When 2 calls fail
      And a call succeeds
      And 2 calls fail
      Then the next call is admitted

  @CB-04 @must @feature @machine @interleavings @load
  Rule: failure_threshold consecutive failures open the circuit, not one fewer, not one more, at any concurrency
    Too early cuts off a dependency that works; too late keeps everybody waiting for one that does not.
    Broken by: check-then-act on the counter

    Example: the third of three failures opens the circuit
      Given a circuit breaker that opens after 3 failures
      When 3 calls fail
      Then the circuit is open
      And the next call is rejected

    Example: two of three failures do not
      Given a circuit breaker that opens after 3 failures
      When 2 calls fail
      Then the circuit is closed
      And the next call is admitted

    Example: three calls that fail at the same moment
      Given a circuit breaker that opens after 3 failures
      When 3 calls begin
      And all calls in flight fail
      Then the circuit is open
      And the next call is rejected

    Example: two of three at the same moment, and the third later
      Given a circuit breaker that opens after 3 failures
      And 2 calls are in flight
      When all calls in flight fail
      Then the next call is admitted
      When all calls in flight fail
      Then the next call is rejected

    Example: successes open nothing
      Given a circuit breaker that opens after 2 failures
      When 3 calls succeed
      Then the circuit is closed
      And the next call is admitted

  @CB-05 @must @feature @machine @load
  Rule: Open: a call fails at once with a circuit-open error that is distinct from every operation error, and the operation is not run
    The caller can fall back at once, and the dependency gets the rest that it needs.
    Broken by: running it anyway, returning None

    Example: a call is rejected
      Given a circuit breaker that opens after 2 failures and probes after 30 s
      And the circuit is open
      When call A begins
      Then call A is rejected
      And the operation of call A has not run

    Example: every call is, as long as reset_timeout has not passed
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And the circuit is open
      When 20 s pass
      And 3 calls begin
      Then no call is in flight
      And the next call is rejected
      And the operation has not run

  @CB-06 @must @feature @machine
  Rule: Once reset_timeout has passed since opening, the next call is admitted as a probe (half_open), whichever loop or thread it comes from
    A circuit that never closes again is an outage of its own.
    Broken by: open for ever (as the pattern's text reads literally), a timer that died with the loop that made it

    Example: the first call after 30 s
      Given a circuit breaker that opens after 2 failures and probes after 30 s
      And the circuit is open
      When 31 s pass
      And call A begins
      Then call A is in flight
      And the circuit is half-open

    Example: calls rejected in the meantime do not put the probe off
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And the circuit is open
      When 20 s pass
      And a call begins
      And 11 s pass
      Then the next call is admitted

  @CB-07 @must @feature @machine @interleavings @load
  Rule: Half-open admits at most half_open_max_calls probes at a time; every other call is rejected as open
    A dependency that is getting up again must not be run over.
    Broken by: all waiting calls rush the recovering dependency

    Example: a call while the only probe is in flight
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 1 probe at a time
      And call P is in flight as a probe
      When call A begins
      Then call A is rejected
      And the operation of call A has not run

    Example: five calls at the same moment, of which one may probe
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 1 probe at a time
      And the circuit is open
      When 31 s pass
      And 5 calls begin
      Then exactly 1 call is in flight
      And the other calls are rejected

    Example: five calls at the same moment, of which two may probe
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 2 probes at a time
      And the circuit is open
      When 31 s pass
      And 5 calls begin
      Then at most 2 calls are in flight
      And the other calls are rejected

  @CB-08 @must @feature @machine
  Rule: success_threshold successful probes close the circuit and clear the failure count
    The dependency has shown that it is back, and starts with a clean record.
    Broken by: closing with a stale count, so that one failure re-opens

    Example: one successful probe where one is enough
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call P is in flight as a probe
      When call P succeeds
      Then the circuit is closed
      And 3 further calls are admitted

    Example: the first of two leaves the circuit half-open
      Given a circuit breaker that opens after 1 failure, probes after 30 s and closes after 2 successful probes
      And call P is in flight as a probe
      When call P succeeds
      And call Q begins
      Then call Q is in flight
      And the next call is rejected

    Example: the second of two closes it
      Given a circuit breaker that opens after 1 failure, probes after 30 s and closes after 2 successful probes
      And call P is in flight as a probe
      When call P succeeds
      And a call succeeds
      Then the circuit is closed
      And 3 further calls are admitted

    Example: one failure after closing is the first of two again
      Given a circuit breaker that opens after 2 failures and probes after 30 s
      And call P is in flight as a probe
      When call P succeeds
      And a call fails
      Then the circuit is closed
      And the next call is admitted

  @CB-09 @must @feature @machine
  Rule: A failed probe re-opens the circuit and restarts the full reset_timeout
    The dependency is still down: it gets the same rest as before.
    Broken by: keeping the old opening time

    Example: the next call after a failed probe
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call P is in flight as a probe
      When call P fails
      Then the circuit is open
      And the next call is rejected

    Example: 20 s after a failed probe it is too early
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call P is in flight as a probe
      When call P fails
      And 20 s pass
      Then the next call is rejected

    Example: 31 s after a failed probe it is time
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call P is in flight as a probe
      When call P fails
      And 31 s pass
      Then the next call is admitted

    Example: a failure after a success does so too
      Given a circuit breaker that opens after 1 failure, probes after 30 s and closes after 2 successful probes
      And call P is in flight as a probe
      When call P succeeds
      And a call fails
      Then the circuit is open
      And the next call is rejected

  @CB-10 @must @feature @machine @interleavings
  Rule: A call that began before a transition does not affect the state after it: a late success does not close an open circuit, a late failure does not restart its timer
    What a slow call tells is old news.
    Broken by: shared counters without an epoch

    Example: a late success does not close an open circuit
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call A is in flight
      And a call has failed
      When call A succeeds
      Then the circuit is open
      And the next call is rejected

    Example: a late failure does not put the probe off
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call A is in flight
      And a call has failed
      When 20 s pass
      And call A fails
      And 11 s pass
      Then the next call is admitted

    Example: a late success is no successful probe
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 1 probe at a time
      And call A is in flight
      And call P is in flight as a probe
      When call A succeeds
      Then the circuit is half-open
      And the next call is rejected

    Example: late failures are neither a failed probe nor the first failure after closing
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 1 probe at a time
      And calls A and B are in flight
      And call P is in flight as a probe
      When call A fails
      And call P succeeds
      And call B fails
      Then the next call is admitted

  @CB-11 @must @feature @machine @interleavings
  Rule: A probe that is cancelled or raises a BaseException gives its slot back: the circuit is never stuck in half_open
    A slot that is lost is lost for ever: every later call would be rejected.
    Broken by: slot released only on success or Exception

    Example: a probe that is cancelled
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 1 probe at a time
      And call P is in flight as a probe
      When call P is cancelled
      And 31 s pass
      Then the next call is admitted

    Example: a probe that raises a BaseException
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 1 probe at a time
      And call P is in flight as a probe
      When call P raises a BaseException
      And 31 s pass
      Then the next call is admitted

    Example: one probe of two
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 2 probes at a time
      And calls P and Q are in flight as probes
      When call P is cancelled
      And call Q is cancelled
      And 31 s pass
      Then the next call is admitted

  @CB-12 @must @feature @interleavings
  Rule: Cancellation of a call in closed state is neither a success nor a failure
    A caller that gives up says nothing about the dependency.
    Broken by: CancelledError counted as a failure

    Example: a cancelled call does not open the circuit
      Given a circuit breaker that opens after 1 failure
      And call A is in flight
      When call A is cancelled
      Then call A ends as cancelled
      And the circuit is closed
      And the next call is admitted

    Example: a cancelled call does not clear the failures before it
      Given a circuit breaker that opens after 2 failures
      And a call has failed
      And call A is in flight
      When call A is cancelled
      And a call fails
      Then the circuit is open
      And the next call is rejected

  @CB-13 @must @feature
  Rule: Durations are taken from a monotonic clock: setting the wall clock forward or back changes nothing
    Wall clocks are corrected, and go back an hour where somebody keeps local time.
    Broken by: time.time(), datetime.now()

    Example: the wall clock is set forward
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And the circuit is open
      When the wall clock is set forward by 3600 s
      Then the next call is rejected

    Example: the wall clock is set back
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And the circuit is open
      When the wall clock is set back by 3600 s
      And 31 s pass
      Then the next call is admitted

    Example: the wall clock is set forward after a failed probe
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call P is in flight as a probe
      When call P fails
      And the wall clock is set forward by 3600 s
      Then the next call is rejected

  @CB-14 @must @feature @machine
  Rule: Two breakers never share state
    The failures of one dependency must not cut off another.
    Broken by: class attributes, a registry keyed by a default name

    Example: a circuit opens alone
      Given two circuit breakers that open after 2 failures
      When 2 calls fail
      Then the other circuit is closed
      And the next call on the other circuit breaker is admitted

    Example: failures are counted apart
      Given two circuit breakers that open after 2 failures
      When a call fails
      And a call on the other circuit breaker fails
      Then the next call is admitted
      And the next call on the other circuit breaker is admitted

    Example: a success on one does not clear the count of the other
      Given two circuit breakers that open after 2 failures
      And a call has failed
      When a call on the other circuit breaker succeeds
      And a call fails
      Then the next call is rejected

  @CB-15 @must @feature @machine
  Rule: The state can be read without changing it, and reading it never admits or rejects anything
    Dashboards and health checks read the state all the time.
    Broken by: a state getter that transitions and loses the probe

    Example: each of the three states reads as what it is
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      Then the circuit is closed
      When a call fails
      Then the circuit is open
      When 31 s pass
      And call P begins
      Then the circuit is half-open

    Example: reading does not take the probe
      Given a circuit breaker that opens after 1 failure, probes after 30 s and admits 1 probe at a time
      And the circuit is open
      When 31 s pass
      And the state is read 3 times
      Then the next call is admitted

    Example: reading does not put the probe off
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And the circuit is open
      When 20 s pass
      And the state is read 3 times
      And 11 s pass
      Then the next call is admitted

    Example: reading lets nothing through
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And the circuit is open
      When 20 s pass
      And the state is read 3 times
      Then the next call is rejected

  @CB-16 @should @feature @machine
  Rule: The circuit-open error says how long until the next probe is admitted
    A caller that knows how long to wait neither polls nor gives up too early.
    Broken by: none, or a negative number

    Example: the whole of reset_timeout, right after opening
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And the circuit is open
      When call A begins
      Then the error of call A says to retry after 30 s

    Example: what is left of it, later
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And the circuit is open
      When 20 s pass
      And call A begins
      Then the error of call A says to retry after 10 s

    Example: the whole of it again after a failed probe
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call P is in flight as a probe
      When call P fails
      And 11 s pass
      And call A begins
      Then the error of call A says to retry after 19 s

  @CB-17 @should @feature @machine @interleavings
  Rule: Each transition is announced once, in order, with the old and the new state
    Alarms and statistics are made of announcements.
    Broken by: two tasks announcing one trip

    Example: opening
      Given a circuit breaker that opens after 2 failures and probes after 30 s
      And a listener
      When 2 calls fail
      Then the listener has heard: closed to open

    Example: three failures at the same moment open a circuit once
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And a listener
      When 3 calls begin
      And all calls in flight fail
      Then the listener has heard: closed to open

    Example: from the first failure to recovery
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And a listener
      And call P is in flight as a probe
      When call P succeeds
      Then the listener has heard: closed to open, open to half-open, half-open to closed

    Example: a probe that fails
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And a listener
      And call P is in flight as a probe
      When call P fails
      Then the listener has heard: closed to open, open to half-open, half-open to open

  @CB-18 @should @feature @machine
  Rule: A failing listener changes neither the result of the call nor the state, and other listeners still hear
    Monitoring that is broken must not break what it monitors.
    Broken by: exception in a listener replaces the result

    Example: the failure that opens the circuit comes back as it is
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And a listener that fails, and another added after it
      When call A begins
      And call A fails
      Then call A raises the error of its operation
      And the next call is rejected

    Example: the result of a probe comes back as it is
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And a listener that fails, and another added after it
      When a call fails
      And 31 s pass
      And call P begins
      And call P succeeds
      Then call P returns the result of its operation

    Example: the other listener hears all
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And a listener that fails, and another added after it
      When a call fails
      And 31 s pass
      And a call succeeds
      Then the other listener has heard: closed to open, open to half-open, half-open to closed

  @CB-19 @should @feature @machine
  Rule: Errors declared as ignored pass through without counting, in closed and in half_open
    "Not found" is an answer: it says that the dependency works, or says nothing.
    Broken by: an ignored error leaves the probe slot taken

    Example: an ignored error is passed on, and does not open the circuit
      Given a circuit breaker that opens after 1 failure and ignores some errors
      When call A begins
      And call A raises an ignored error
      Then call A raises the error of its operation
      And the next call is admitted

    Example: it does not clear the failures before it
      Given a circuit breaker that opens after 2 failures and ignores some errors
      When a call fails
      And a call raises an ignored error
      And a call fails
      Then the next call is rejected

    Example: from a probe it gives the slot back, and neither closes nor opens the circuit
      Given a circuit breaker that opens after 1 failure, probes after 30 s, admits 1 probe at a time and ignores some errors
      And call P is in flight as a probe
      When call P raises an ignored error
      And call Q begins
      Then call Q is in flight
      And the next call is rejected

  @CB-20 @should @load
  Rule: Throughput of rejected calls while open is at least ten times that of successful calls to a dependency of 1 ms
    Rejecting is what a circuit breaker does when there is most to do.
    Broken by: a lock held over the operation

  @CB-21 @must @feature @interleavings @load
  Rule: Calls in closed state run concurrently: one slow operation does not hold up another
    One slow answer is no reason to make everybody else wait.
    Broken by: a lock held over the operation

    Example: a call overtakes another
      Given a circuit breaker that opens after 2 failures
      And call A is in flight
      When call B begins
      And call B succeeds
      Then call B returns the result of its operation
      And call A is in flight

    Example: four calls at the same moment
      Given a circuit breaker that opens after 2 failures
      When 4 calls begin
      Then exactly 4 calls are in flight

  @CB-22 @may @claim-manual_control @feature @machine
  Rule: trip() and reset() move the state at once, are announced, and survive concurrency
    Operators know things that a counter does not: a migration at noon, a dependency that is back.
    Broken by: a flag beside the state machine, that the next result of a call overrides

    Example: a circuit that is tripped is open, until reset_timeout has passed
      Given a circuit breaker that opens after 2 failures and probes after 30 s
      When the circuit is tripped
      Then the circuit is open
      And the next call is rejected
      When 31 s pass
      Then the next call is admitted

    Example: a circuit that is reset is closed, with no failures counted
      Given a circuit breaker that opens after 2 failures and probes after 30 s
      And the circuit is open
      When the circuit is reset
      And a call fails
      Then the circuit is closed
      And the next call is admitted

    Example: a call in flight does not undo it
      Given a circuit breaker that opens after 1 failure and probes after 30 s
      And call A is in flight
      When the circuit is tripped
      And call A succeeds
      Then the circuit is open
      And the next call is rejected

    Example: both are announced
      Given a circuit breaker that opens after 2 failures and probes after 30 s
      And a listener
      When the circuit is tripped
      And the circuit is reset
      Then the listener has heard: closed to open, open to closed

  @CB-23 @may @claim-sliding_window @feature @machine
  Rule: The failure rate over the last N calls or T seconds opens the circuit, with a minimum number of calls
    Where calls are many, a share of failures tells more than failures in a row.
    Broken by: a rate over all time, opening at the first failure because one of one is 100 %

    Example: three failures of the last four calls, where 60 % are too many
      Given a circuit breaker that opens at 60 % failures of the last 4 calls, but not before 4 calls
      When a call succeeds
      And 3 calls fail
      Then the circuit is open
      And the next call is rejected

    Example: three failures are too few to tell
      Given a circuit breaker that opens at 60 % failures of the last 4 calls, but not before 4 calls
      When 3 calls fail
      Then the circuit is closed
      And the next call is admitted

    Example: older calls no longer count
      Given a circuit breaker that opens at 60 % failures of the last 4 calls, but not before 4 calls
      When 6 calls succeed
      And 3 calls fail
      Then the circuit is open
      And the next call is rejected

    Example: failures of more than a minute ago no longer count
      Given a circuit breaker that opens at 60 % failures of the last 60 s, but not before 3 calls
      When 2 calls fail
      And 61 s pass
      And a call fails
      Then the circuit is closed
      And the next call is admitted

  @CB-24 @may @claim-shared @feature @interleavings
  Rule: Breakers of several processes over one store open together
    What one instance of a service has found out need not be found out by every other: over one store there is one circuit.
    Broken by: each process has to fail by itself, each process sends probes of its own

    Example: a circuit opens for all
      Given two circuit breakers that open after 2 failures and probe after 300 s and share one store
      And the circuit is open
      When 1 s passes
      Then the next call on the other circuit breaker is rejected

    Example: it opens for one that has been let through before
      Given two circuit breakers that open after 2 failures and probe after 300 s and share one store
      And a call on the other circuit breaker has succeeded
      And the circuit is open
      When 1 s passes
      Then the next call on the other circuit breaker is rejected

    Example: a probe is one for all
      Given two circuit breakers that open after 1 failure and probe after 30 s and share one store
      And call P is in flight as a probe
      And no other call is admitted
      When 1 s passes
      Then the next call on the other circuit breaker is rejected

    Example: a rush from all sides
      Given two circuit breakers that open after 1 failure and probe after 30 s and share one store
      And of 3 calls at one moment one was admitted as a probe, and has failed
      When 31 s pass
      And a rush of 3 calls on each circuit breaker
      Then at most 1 call is in flight

    Example: a probe that succeeds closes the circuit for all
      Given two circuit breakers that open after 1 failure and probe after 30 s and share one store
      And a probe has succeeded
      And calls A and B are in flight
      When 1 s passes
      Then 2 further calls on the other circuit breaker are admitted

    Example: a probe that fails opens the circuit for all
      Given two circuit breakers that open after 1 failure and probe after 30 s and share one store
      And a probe has failed
      And no other call is admitted
      When 1 s passes
      Then the next call on the other circuit breaker is rejected
