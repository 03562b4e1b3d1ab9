Feature: Shared state
  Several parts of a program share one state. Whoever wants to change it hands in a function, which is given the data and changes
  them; either all of that becomes the next version or nothing does. Whoever reads gets a snapshot of one version. Listeners are
  told of each version after it was made.

  In the examples versions are counted from the one that the state begins with, which is version 0. Each update leaves the name
  of its caller in the data, so that one can see whose updates a version holds.

  @SS-01 @must @feature @machine @interleavings @load
  Rule: A successful update raises the version by exactly one and returns the function's result
    The version is how everybody tells whether they have seen the latest, and how many they have missed.
    Broken by: a version that is a clock, a result that is thrown away

    Example: an update
      Given a shared state
      When A updates the state
      Then A gets the result of its function
      And the state is at version 1
      And the state holds the update of A

    Example: three updates
      Given a shared state
      And A has updated the state
      And B has updated the state
      When C updates the state
      Then C gets the result of its function
      And the state is at version 3
      And the state holds the updates of A, B and C

    Example: an update that changes nothing is one all the same
      Given a shared state
      And A has updated the state
      When B updates the state with a function that changes nothing
      Then B gets the result of its function
      And the state is at version 2
      And the state holds the update of A

    Example: reading is no update
      Given a shared state
      And A has updated the state
      When B reads the state
      And C reads the state
      Then the state is at version 1

  @SS-02 @must @feature @machine @interleavings
  Rule: An update whose function fails leaves data, version and last_updated as they were; no listener hears of it
    Half of a change is worse than none, and nobody would know that it is only half.
    Broken by: mutation in place before the error, as the pattern's text does

    Example: a function that changes the data and then fails
      Given a shared state
      And A has updated the state
      When B updates the state with a function that fails
      Then the update of B fails
      And the state is at version 1
      And the state holds the update of A

    Example: the next update starts from what was there before
      Given a shared state
      When A updates the state with a function that fails
      And B updates the state
      Then B gets the result of its function
      And the state is at version 1
      And the state holds the update of B

    Example: listeners hear nothing of it
      Given a shared state
      And listener L
      When A updates the state with a function that fails
      Then listener L has heard nothing

    Example: a function that is interrupted in the middle
      Given a shared state
      And A has updated the state
      When B updates the state with a function that is interrupted
      Then the state is at version 1
      And the state holds the update of A

    Example: last_updated stays
      Given a shared state
      And A has updated the state
      And B has read the state
      When 30 s pass
      And C updates the state with a function that fails
      Then the state is at version 1
      And last_updated is as it was

  @SS-03 @must @feature @machine @interleavings @load
  Rule: No update is lost: N concurrent increments add N, and versions run without gap or repeat
    A lost update is money that was paid in and is not there.
    Broken by: read-modify-write across an await

    Example: three updates at the same moment
      Given a shared state
      When A, B and C update the state at the same moment
      Then the state is at version 3
      And the state holds the updates of A, B and C

    Example: listeners see every version
      Given a shared state
      And listener L
      When A, B and C update the state at the same moment
      Then listener L has heard versions 1, 2 and 3

    Example: an update among others that fail
      Given a shared state
      When A updates the state with a function that fails
      And B and C update the state at the same moment
      Then the state is at version 2
      And the state holds the updates of B and C

  @SS-04 @must @feature @machine @interleavings
  Rule: get() returns a snapshot of one version, never a mix; changing the snapshot changes nothing else
    A reader computes with what it has read for as long as it likes, and nobody else is to notice.
    Broken by: returning the live dict, shallow copies

    Example: a snapshot stays as it is
      Given a shared state
      And A has updated the state
      And B has read the state
      When C updates the state
      Then the snapshot of B is of version 1 and holds the update of A
      And no snapshot reads otherwise than before

    Example: changing a snapshot does not change the state
      Given a shared state
      And A has updated the state
      When B reads the state and changes the snapshot
      Then the state is at version 1
      And the state holds the update of A

    Example: nor the snapshot of another
      Given a shared state
      And A has updated the state
      And B has read the state
      When C reads the state and changes the snapshot
      Then the snapshot of B is of version 1 and holds the update of A
      And no snapshot reads otherwise than before

    Example: a listener changes what it is told
      Given a shared state
      And listener L, which changes what it is told
      When A updates the state
      And B updates the state
      Then the state is at version 2
      And the state holds the updates of A and B

    Example: a reader comes in the middle of an update
      Given a shared state
      When A updates the state and B reads it at the same moment
      Then the snapshot of B is of one version

  @SS-05 @must @feature @interleavings @load
  Rule: Histories of get and update are linearizable
    Who has been told that an update is done expects everybody to see it from then on.
    Broken by: a cache that is stale

    Example: an update that is over is seen by every reader
      Given a shared state
      And A has updated the state
      When B reads the state
      And C updates the state
      And D reads the state
      Then what the callers have seen fits one order
      And the snapshot of D is of version 2 and holds the updates of A and C

    Example: two update and one reads, again and again
      Given a shared state
      When 10 times two update the state and one reads it at the same moment
      Then what the callers have seen fits one order
      And the state is at version 20

  @SS-06 @must @feature @machine
  Rule: last_updated never goes back, whatever the wall clock does
    Whoever asks for what has changed since a time would miss what was changed in the hour that came twice.
    Broken by: the wall clock as it is

    Example: the wall clock is set back
      Given a shared state
      And A has updated the state
      When the wall clock is set back by 3600 s
      And B updates the state
      Then last_updated has not gone back

    Example: and forward
      Given a shared state
      And A has updated the state
      When the wall clock is set forward by 3600 s
      And B updates the state
      And the wall clock is set back by 3600 s
      And C updates the state
      Then last_updated has not gone back

  @SS-07 @must @feature @machine @interleavings
  Rule: After each commit every listener is told once, in version order, with that version's snapshot
    A listener that keeps a copy up to date has a wrong one as soon as it misses a version or hears two the wrong way round.
    Broken by: notifying in tasks that overtake one another

    Example: a listener hears of an update
      Given a shared state
      And listener L
      When A updates the state
      Then listener L has heard version 1

    Example: every listener hears every version
      Given a shared state
      And listeners L and M
      When A updates the state
      And B updates the state
      Then listener L has heard versions 1 and 2
      And listener M has heard versions 1 and 2

    Example: updates at the same moment are told one after another
      Given a shared state
      And listeners L and M
      When A, B and C update the state at the same moment
      Then listener L has heard versions 1, 2 and 3
      And listener M has heard versions 1, 2 and 3

    Example: a slow listener hears every version as well
      Given a shared state
      And listener L, which takes its time
      When A updates the state
      And B updates the state
      And C updates the state
      And listener L is done
      Then listener L has heard versions 1, 2 and 3

  @SS-08 @must @feature @interleavings
  Rule: A listener may call get() and update() without deadlock
    Reacting to a change by another change is what listeners are for.
    Broken by: write lock held while notifying, as the pattern's text does

    Example: a listener reads
      Given a shared state
      And listener L, which reads the state
      When A updates the state
      Then A gets the result of its function
      And every call of listener L has ended
      And the state is at version 1

    Example: a listener updates
      Given a shared state
      And listener L, which updates the state once
      When A updates the state
      Then A gets the result of its function
      And every call of listener L has ended
      And the state is at version 2
      And listener L has heard versions 1 and 2

    Example: the state goes on working
      Given a shared state
      And listener L, which updates the state once
      And A has updated the state
      When B updates the state
      Then B gets the result of its function
      And the state is at version 3

  @SS-09 @must @feature @machine @interleavings
  Rule: A failing or slow listener neither undoes nor delays the update, nor keeps others from hearing; its error is reported
    Those who change the state do not know who listens, and are not to suffer for it.
    Broken by: awaiting the listeners one by one, their errors thrown at the caller

    Example: a listener that fails
      Given a shared state
      And listener L, which fails
      And listener M
      When A updates the state
      Then A gets the result of its function
      And the state is at version 1
      And listener M has heard version 1

    Example: it is told of the next version all the same
      Given a shared state
      And listener L, which fails
      When A updates the state
      And B updates the state
      Then listener L has heard versions 1 and 2

    Example: a listener that takes its time
      Given a shared state
      And listener L, which takes its time
      And listener M
      When A updates the state
      Then A gets the result of its function
      And the state is at version 1
      And listener M has heard version 1

    Example: the error of a listener is reported
      Given a shared state that reports the errors of listeners
      And listener L, which fails
      When A updates the state
      Then the error of listener L is reported

  @SS-10 @must @feature @interleavings
  Rule: An update cancelled before its commit changes nothing; after its commit, the notification still happens
    Whoever gives up waiting says nothing about whether it happened, so one or the other has to be wholly true.
    Broken by: notifying in the task of the caller, after an await

    Example: an update that is cancelled as it begins
      Given a shared state
      And listener L
      When A updates the state and is cancelled at the same moment
      Then listener L has heard every version that there is
      And B can update the state

    Example: updates that are cancelled a little later each
      Given a shared state
      And listener L
      When 8 updates are cancelled, each a little later than the one before
      Then listener L has heard every version that there is
      And each version holds one update more than the one before
      And B can update the state

  @SS-11 @must @feature @machine @interleavings
  Rule: A listener removed hears nothing more; one added hears from the next version on
    Who has gone may be in no position to hear, and who comes has read the state already.
    Broken by: a list that is copied too early or too late, a replay for whoever comes

    Example: a listener that is removed
      Given a shared state
      And listeners L and M
      And A has updated the state
      When listener L is removed
      And B updates the state
      Then listener L has heard version 1
      And listener M has heard versions 1 and 2

    Example: a listener that is added
      Given a shared state
      And A has updated the state
      When listener L is added
      And B updates the state
      Then listener L has heard version 2

    Example: a listener that is removed while it takes its time
      Given a shared state
      And listener L, which takes its time
      And A has updated the state
      And B has updated the state
      When listener L is removed
      And listener L is done
      Then listener L has heard nothing since it was removed

  @SS-12 @should @interleavings @load
  Rule: Readers do not wait for one another, and a stream of readers does not starve a writer
    Most of what is done to a state is reading it.
    Broken by: one lock for all, a lock that prefers readers

  @SS-13 @may @claim-compare_and_set @feature @machine @interleavings @load
  Rule: update_if(version, function) succeeds for one of any number of rivals
    Whoever has decided on what it read may only act if it still holds.
    Broken by: comparing the version, and then waiting for the lock

    Example: the version is still the latest
      Given a shared state
      And A has updated the state
      When B updates the state if it is at version 1
      Then B gets the result of its function
      And the state is at version 2

    Example: the version is not the latest any more
      Given a shared state
      And A has updated the state
      When B updates the state if it is at version 0
      Then B is told of a version conflict
      And the state is at version 1
      And the state holds the update of A

    Example: the version is still to come
      Given a shared state
      When A updates the state if it is at version 1
      Then A is told of a version conflict
      And the state is at version 0

    Example: three rivals
      Given a shared state
      And A has updated the state
      When B, C and D update the state at the same moment if it is at version 1
      Then exactly one of B, C and D gets the result of its function
      And the others are told of a version conflict
      And the state is at version 2

  @SS-14 @may @claim-persistent @feature @load
  Rule: persistent: after a crash (kill -9) at any point the state is some committed version, at least the last one acknowledged
    Whoever was told that an update is done relies on it, whatever happens next.
    Broken by: a file that is written over, an acknowledgement before the disk has it

    Example: a process ends, and another goes on
      Given a shared state that outlives its process
      And another process has updated the state 3 times
      When that process is killed
      Then the state has every update that was acknowledged
      And another process can update the state 2 times
      And the state has every update that was acknowledged

    Example: processes are killed while they update
      Given a shared state that outlives its process
      When 8 processes, one after another, update the state and are killed at some moment
      Then the state has every update that was acknowledged
      And each of them is whole

  @SS-15 @may @claim-distributed @feature @interleavings @load
  Rule: distributed: several processes over one store; SS-01 to SS-05 and SS-07 hold
    Two processes that each have the truth have none.
    Broken by: a version that each process counts for itself, listeners that hear of their own process alone

    Example: what one process writes the other reads
      Given a shared state that two processes share
      When A updates the state
      And B updates the state in the other process
      Then the state is at version 2
      And the state holds the updates of A and B
      And the other process reads version 2

    Example: listeners of both processes hear of both
      Given a shared state that two processes share
      And listener L
      And a listener in the other process
      When A updates the state
      And B updates the state in the other process
      And C updates the state
      Then listener L has heard versions 1, 2 and 3
      And the listener in the other process has heard versions 1, 2 and 3

    Example: both update at the same time
      Given a shared state that two processes share
      And listener L
      When both processes update the state 20 times at the same time
      Then the state is at version 40
      And no two updates have started from the same version
      And listener L has heard every version that there is

    Example: several processes update and read at the same time
      Given a shared state that two processes share
      When 3 other processes update and read the state 15 times each at the same time
      Then some order of all these calls explains what each has found
      And the state is at version 45
