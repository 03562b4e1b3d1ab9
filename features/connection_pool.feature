Feature: Connection pool
  Connections are dear to make and few to be had. A pool makes them when they are first needed, lends each to one borrower at a
  time, and takes it back for the next. When all are in use the next borrowers wait, in the order in which they came.

  In the examples a borrower holds its connection until it returns it, fails, or is cancelled; each of the three ends its scope.
  Connecting succeeds at once unless the example says otherwise.

  @CP-01 @must @feature @machine
  Rule: acquire() gives a live connection; an idle one is reused before a new one is made
    A pool that makes a connection for each borrower costs more than no pool.
    Broken by: a new connection for each call

    Example: the first borrower
      Given a pool of at most 2 connections
      When borrower A acquires
      Then borrower A holds a connection that works

    Example: the next borrower gets a connection that is there already
      Given a pool of at most 2 connections
      And borrower A has returned its connection
      When borrower B acquires
      Then borrower B holds a connection that was there before

    Example: one of two is in use
      Given a pool of at most 3 connections
      And borrowers A and B hold a connection each
      When borrower A returns its connection
      And borrower C acquires
      Then borrower C holds a connection that was there before

  @CP-02 @must @feature @machine @interleavings @load
  Rule: Connections that exist (idle + in use + being made) never exceed max_size
    The limit is what the dependency can bear, and often what it has been paid for.
    Broken by: comparing the idle list with max_size, as the pattern's text reads literally; factories racing

    Example: three borrowers for two connections
      Given a pool of at most 2 connections
      When borrowers A, B and C acquire
      Then at most 2 connections exist
      And exactly 2 borrowers hold a connection

    Example: a connection that is being made counts
      Given a pool of at most 1 connection
      And connecting takes a while
      And borrower A is connecting
      When borrower B acquires
      Then at most 1 connection exists

    Example: an idle connection counts
      Given a pool of at most 1 connection
      And borrower A has returned its connection
      When borrowers B and C acquire
      Then at most 1 connection exists

  @CP-03 @must @feature @machine @interleavings @load
  Rule: A connection is never held by two borrowers at a time
    Two that share a connection read each other's replies and end each other's transactions.
    Broken by: double release puts it in the pool twice

    Example: two borrowers come at once
      Given a pool of at most 2 connections
      And borrower A has returned its connection
      When borrowers B and C acquire
      Then no connection is held twice

    Example: a connection is returned at the moment at which another borrower comes
      Given a pool of at most 2 connections
      And borrowers A and B hold a connection each
      When borrower A returns its connection at the moment at which borrower C acquires
      Then no connection is held twice

    Example: after a second return
      Given a pool of at most 2 connections
      And borrower A has returned its connection
      When borrower A returns its connection a second time
      And borrower B acquires
      And borrower C acquires
      Then no connection is held twice

  @CP-04 @must @feature @machine @interleavings
  Rule: Leaving the borrow scope returns the connection, after success, an error and a cancellation alike
    Whatever ends a borrower, the next one needs its connection.
    Broken by: release skipped on CancelledError

    Example: a borrower succeeds
      Given a pool of at most 1 connection
      And borrower A holds a connection
      When borrower A returns its connection
      And borrower B acquires
      Then borrower B holds a connection

    Example: a borrower fails
      Given a pool of at most 1 connection
      And borrower A holds a connection
      When borrower A fails
      And borrower B acquires
      Then borrower B holds a connection

    Example: a borrower is cancelled
      Given a pool of at most 1 connection
      And borrower A holds a connection
      When borrower A is cancelled
      And borrower B acquires
      Then borrower B holds a connection

    Example: a borrower is cancelled while it returns its connection
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And resetting takes a while
      When borrower A returns its connection
      And borrower A is cancelled
      And borrower B acquires
      Then borrower B holds a connection in the end

  @CP-05 @must @feature @machine @interleavings
  Rule: With all in use, acquire() waits and gets the next one returned
    A short rush is what a pool is there to even out.
    Broken by: failing at once, as the pattern's text reads literally

    Example: a borrower waits for a connection
      Given a pool of at most 1 connection
      And borrower A holds a connection
      When borrower B acquires
      Then borrower B waits
      When borrower A returns its connection
      Then borrower B holds a connection

    Example: the connection that is returned first is the one
      Given a pool of at most 2 connections
      And borrowers A and B hold a connection each
      And borrower C is waiting
      When borrower B returns its connection
      Then borrower C holds a connection that was there before

  @CP-06 @must @feature @machine @interleavings
  Rule: After acquire_timeout a waiting acquire() fails with a pool-timeout error, and takes nothing from the pool
    Who has waited long enough has to tell its own caller; what it leaves behind is for the others.
    Broken by: the connection handed over in the same tick is lost

    Example: a borrower has waited for long enough
      Given a pool of at most 1 connection that waits at most 10 s for a connection
      And borrower A holds a connection
      And borrower B is waiting
      When 11 s pass
      Then borrower B gets a pool-timeout error

    Example: all who have waited for long enough
      Given a pool of at most 1 connection that waits at most 10 s for a connection
      And borrower A holds a connection
      And borrowers B and C are waiting
      When 11 s pass
      Then borrower B gets a pool-timeout error
      And borrower C gets a pool-timeout error

    Example: not before
      Given a pool of at most 1 connection that waits at most 10 s for a connection
      And borrower A holds a connection
      And borrower B is waiting
      When 9 s pass
      Then borrower B waits

    Example: who gave up takes nothing
      Given a pool of at most 1 connection that waits at most 10 s for a connection
      And borrower A holds a connection
      And borrower B is waiting
      When 11 s pass
      And borrower A returns its connection
      And borrower C acquires
      Then borrower C holds a connection

  @CP-07 @must @feature @machine @interleavings
  Rule: A cancelled waiter never loses a connection or a slot, and the next waiter is woken
    Callers give up all the time; a pool that loses a little each time stands still one night.
    Broken by: lost wake-up

    Example: a waiter is cancelled
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrowers B and C are waiting
      When borrower B is cancelled
      And borrower A returns its connection
      Then borrower C holds a connection

    Example: a waiter is cancelled at the moment at which a connection is returned
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrowers B and C are waiting
      When borrower A returns its connection at the moment at which borrower B is cancelled
      Then borrower C holds a connection

    Example: a borrower is cancelled while its connection is being made
      Given a pool of at most 1 connection
      And connecting takes a while
      And borrower A is connecting
      And borrower B is waiting
      When borrower A is cancelled
      Then borrower B holds a connection in the end

  @CP-08 @must @feature @machine @interleavings
  Rule: A failing factory surfaces its own error, gives its slot back, and wakes the next waiter
    The error says what is wrong with the dependency; a pool that keeps it, or the slot, is the next thing to fail.
    Broken by: capacity shrinks with each failure

    Example: the borrower is told
      Given a pool of at most 1 connection
      And the dependency refuses connections
      When borrower A acquires
      And 61 s pass
      Then borrower A gets the error of connecting

    Example: the slot is free again
      Given a pool of at most 1 connection
      And connecting takes a while
      And borrower A is connecting
      When the connect under way fails
      And borrower B acquires
      And 60 s pass
      Then nobody waits in the end

    Example: who waits is not forgotten
      Given a pool of at most 1 connection
      And connecting takes a while
      And borrowers A and B are waiting
      When the connect under way fails
      And the dependency accepts connections again
      And 60 s pass
      Then nobody waits in the end

  @CP-09 @must @feature @machine @interleavings
  Rule: A connection found broken, at return or at checkout, is discarded and its slot is free again
    Connections break by themselves: a restart, a firewall, a night of silence.
    Broken by: broken connections handed out for ever

    Example: it broke while it was idle
      Given a pool of at most 1 connection
      And borrower A has returned its connection
      When the connection of borrower A breaks
      And borrower B acquires
      Then borrower B holds a connection that works

    Example: it broke in use
      Given a pool of at most 1 connection
      And borrower A holds a connection
      When the connection of borrower A breaks
      And borrower A fails
      And borrower B acquires
      Then borrower B holds a connection that works

    Example: who waits gets a new one
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower B is waiting
      When the connection of borrower A breaks
      And borrower A returns its connection
      Then borrower B holds a connection that works

  @CP-10 @must @feature @machine @interleavings
  Rule: A returned connection carries nothing over to the next borrower: an open transaction is rolled back, session state is reset, an unread response is never seen by the next one
    What one borrower left behind is to the next a wrong answer, or somebody else's secret.
    Broken by: cancellation between request and response

    Example: an open transaction
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower A has begun a transaction
      When borrower A returns its connection
      And borrower B acquires
      Then borrower B finds nothing left in its connection

    Example: an open transaction of a borrower that fails
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower A has begun a transaction
      When borrower A fails
      And borrower B acquires
      Then borrower B finds nothing left in its connection

    Example: a request that was cancelled before its response came
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower A has sent a request
      When borrower A is cancelled
      And borrower B acquires
      Then borrower B finds nothing left in its connection

    Example: the next borrower is waiting already
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower B is waiting
      When borrower A begins a transaction
      And borrower A returns its connection
      Then borrower B finds nothing left in its connection

  @CP-11 @should @feature @machine
  Rule: Using a handle after its return is an error, and cannot reach the connection of the next borrower
    A handle that was kept by mistake is found at once, and not by whoever uses the connection now.
    Broken by: the handle is the raw connection

    Example: nobody has the connection
      Given a pool of at most 1 connection
      And borrower A has returned its connection
      When borrower A uses its handle again
      Then that use is an error

    Example: another borrower has the connection
      Given a pool of at most 1 connection
      And borrower A has returned its connection
      When borrower B acquires
      And borrower A uses its handle again
      Then that use does not reach the connection of borrower B

  @CP-12 @must @feature @machine
  Rule: Releasing twice is an error or has no effect; it never changes the accounting
    Clean-up code runs twice sooner or later.
    Broken by: a semaphore that is released twice

    Example: no connection more than before
      Given a pool of at most 1 connection
      And borrower A has returned its connection
      When borrower A returns its connection a second time
      And borrower B acquires
      And borrower C acquires
      Then at most 1 connection exists
      And exactly 1 borrower holds a connection

    Example: the next borrower keeps its connection
      Given a pool of at most 1 connection
      And borrower A has returned its connection
      When borrower B acquires
      And borrower A returns its connection a second time
      And borrower C acquires
      Then borrower C waits

  @CP-13 @must @feature @machine @interleavings
  Rule: close() closes the idle ones, refuses new acquires, fails the waiters, and closes those in use on their return; afterwards none is open
    A shutdown that leaks connections, or hangs, is one that somebody has to clean up after.
    Broken by: leak at shutdown

    Example: idle connections
      Given a pool of at most 2 connections
      And borrower A has returned its connection
      When the pool is closed
      Then no connection is open
      And closing is over

    Example: borrowers that come too late
      Given a pool of at most 1 connection
      And the pool is closed
      When borrower A acquires
      Then borrower A is told that the pool is closed

    Example: borrowers that wait
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower B is waiting
      When the pool is closed
      Then borrower B is told that the pool is closed

    Example: connections in use
      Given a pool of at most 1 connection
      And borrower A holds a connection
      When the pool is closed
      And borrower A returns its connection
      Then no connection is open
      And closing is over

    Example: a connection that is being made
      Given a pool of at most 1 connection
      And connecting takes a while
      And borrower A is connecting
      When the pool is closed
      Then nobody waits in the end
      And no connection is open once everybody has left

    Example: a return at that very moment
      Given a pool of at most 1 connection
      And borrower A holds a connection
      When borrower A returns its connection at the moment at which the pool is closed
      Then no connection is open

  @CP-14 @must @machine @interleavings @load
  Rule: After any sequence of operations that ends with everything returned, idle + free slots = max_size
    Each small leak is invisible, and their sum is an outage.
    Broken by: slow leak

  @CP-15 @should @feature @machine @interleavings
  Rule: Waiters are served first come, first served; a newcomer does not overtake a waiter
    Whoever is overtaken for long enough has waited for nothing.
    Broken by: waiters that are woken to compete with whoever comes

    Example: two waiters
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrowers B and C are waiting
      When borrower A returns its connection
      Then borrower B holds a connection
      And borrower C waits

    Example: a newcomer at the moment of a return
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower B is waiting
      When borrower A returns its connection at the moment at which borrower C acquires
      Then borrower B holds a connection
      And borrower C waits

  @CP-16 @should @feature @machine
  Rule: Connections idle longer than max_idle, or older than max_lifetime, are replaced, not handed out
    What has been silent for long, a firewall has forgotten; what has lived for long, knows nothing of the dependency's new address.
    Broken by: ages that are looked at on return only

    Example: idle for too long
      Given a pool of at most 1 connection that keeps a connection idle for at most 60 s
      And borrower A has returned its connection
      When 61 s pass
      And borrower B acquires
      Then borrower B holds another connection than borrower A had

    Example: too old, though nobody used it
      Given a pool of at most 1 connection that keeps a connection for at most 60 s
      And borrower A has returned its connection
      When 61 s pass
      And borrower B acquires
      Then borrower B holds another connection than borrower A had

    Example: too old, though in use until now
      Given a pool of at most 1 connection that keeps a connection for at most 60 s
      And borrower A holds a connection
      When 61 s pass
      And borrower A returns its connection
      And borrower B acquires
      Then borrower B holds another connection than borrower A had

    Example: too old, and somebody waits for it
      Given a pool of at most 1 connection that keeps a connection for at most 60 s
      And borrower A holds a connection
      And borrower B is waiting
      When 61 s pass
      And borrower A returns its connection
      Then borrower B holds another connection than borrower A had

    Example: a wall clock that is set forward makes nothing older
      Given a pool of at most 1 connection that keeps a connection idle for at most 60 s
      And borrower A has returned its connection
      When the wall clock is set forward by 3600 s
      And borrower B acquires
      Then borrower B holds a connection that was there before

  @CP-17 @should @feature @machine
  Rule: statistics (size, idle, in use, waiting) are exact at every moment when nothing runs
    An alarm that is set on a count which drifts is one that nobody believes.
    Broken by: counters beside the lists that they count

    Example: one in use, one waiting
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower B is waiting
      Then the statistics read: size 1, idle 0, in use 1, waiting 1

    Example: all returned
      Given a pool of at most 1 connection
      And borrower A holds a connection
      When borrower A fails
      And borrower B acquires
      And borrower B returns its connection
      Then the statistics read: size 1, idle 1, in use 0, waiting 0

    Example: after a waiter was cancelled
      Given a pool of at most 1 connection
      And borrower A holds a connection
      And borrower B is waiting
      When borrower B is cancelled
      Then the statistics read: size 1, idle 0, in use 1, waiting 0

  @CP-18 @should @load
  Rule: Under a load of 10 borrowers a connection, the slowest borrower's wait is at most 3 times the fair share
    An average hides whoever never gets a turn.
    Broken by: starvation

  @CP-19 @may @claim-min_size @feature @machine
  Rule: min_size: that many are made ready in advance and kept
    The first borrower after a quiet night is not to pay for it.
    Broken by: connections that are made ready once, and not again

    Example: before anybody has come
      Given a pool of at most 2 connections that keeps at least 1 connection ready
      Then at least 1 connection is ready

    Example: after a connection was lost
      Given a pool of at most 2 connections that keeps at least 1 connection ready
      And borrower A holds a connection
      When the connection of borrower A breaks
      And borrower A returns its connection
      Then at least 1 connection is ready

  @CP-20 @may @claim-transactional @feature @interleavings @load
  Rule: transactional: against a real database, uncommitted work of a failed borrower is never visible
    Half of a transfer between two accounts is worse than none.
    Broken by: a connection that is returned in the middle of a transaction

    Example: a borrower fails
      Given a pool of at most 1 connection
      And a table without rows
      And borrower A holds a connection
      And borrower A has inserted a row without committing
      When borrower A fails
      And borrower B acquires
      Then borrower B sees 0 rows

    Example: a borrower is cancelled
      Given a pool of at most 1 connection
      And a table without rows
      And borrower A holds a connection
      And borrower A has inserted a row without committing
      When borrower A is cancelled
      And borrower B acquires
      Then borrower B sees 0 rows
