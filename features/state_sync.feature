Feature: State synchronisation
  Components keep local replicas of a common state, and a central store joins them. A replica is read and written locally, at
  once, whether or not the store can be reached. A sync pushes what was changed here and pulls what was changed elsewhere. In
  between anything may happen on the way: requests and replies are lost, late, or delivered twice.

  In the examples A, B and C are replicas of one store, each with a line of its own. A conflict is a key that two replicas have
  changed without knowing of each other's change; who wins is up to the implementation.

  @SY-01 @must @feature @machine @load
  Rule: Local reads and writes work while the store is unreachable
    That is what a local replica is for.

    Example: a write and a read offline
      Given replicas A and B
      And the line of A is cut
      When A writes red to colour
      Then A has red in colour

    Example: the store has been unreachable for a while, and a sync has failed
      Given replicas A and B
      And A has written red to colour
      And the line of A is cut
      And A has failed to sync
      When A writes blue to colour
      Then A has blue in colour

    Example: a sync waits for the store
      Given replicas A and B
      And A has written red to colour
      And the line of A is slow
      And a sync of A is under way
      When A writes blue to colour
      Then A has blue in colour

    Example: automatic pushes do not get in the way either
      Given replicas A and B that push every 10 s
      And the line of A is cut
      When A writes red to colour
      And 11 s pass
      And A writes blue to colour
      Then A has blue in colour

  @SY-02 @must @feature @machine @interleavings @load
  Rule: Once the network is back and every replica has synced, all replicas and the store are equal, whatever the order of syncs, failures, duplicates and delays
    Replicas that stay apart are so many states, and nobody knows which is right.

    Example: what one has pushed the others get
      Given replicas A and B
      When A writes red to colour
      And A and B sync in turn
      Then A, B and the store have red in colour

    Example: changes of different keys
      Given replicas A and B
      When A writes red to colour
      And B writes round to shape
      And A, B and A sync in turn
      Then A, B and the store have red in colour
      And A, B and the store have round in shape

    Example: a reply that is lost
      Given replicas A and B
      And A has written red to colour
      And A has synced
      When the line of B loses replies
      And B syncs
      And the line of B works again
      And B syncs
      Then A, B and the store have red in colour

    Example: a line that breaks in the middle
      Given replicas A and B
      And B has written red to colour
      And B has synced
      When A writes round to shape
      And the line of A breaks after one more call
      And A syncs
      And the line of A works again
      And A, B and A sync in turn
      Then A, B and the store have red in colour
      And A, B and the store have round in shape

    Example: three replicas and a conflict
      Given replicas A, B and C
      When A writes red to colour
      And B writes blue to colour
      And C writes green to colour
      And A, B, C, A, B and C sync in turn
      Then A, B, C and the store agree on red, blue or green in colour

  @SY-03 @must @machine
  Rule: merge is commutative, associative and idempotent
    Then neither the order nor the repetition of deliveries matters, and nobody has to guarantee either.

  @SY-04 @must @feature @machine
  Rule: Conflicts are resolved the same way on every replica, ties included (never by arrival order or wall-clock luck)
    Who wins must not depend on whose line was faster.

    Example: two replicas write the same key in the same moment
      Given replicas A and B
      When A writes red to colour
      And B writes blue to colour
      And A, B and A sync in turn
      Then A, B and the store agree on red or blue in colour

    Example: the other one syncs first
      Given replicas A and B
      When A writes red to colour
      And B writes blue to colour
      And B, A and B sync in turn
      Then A, B and the store agree on red or blue in colour

    Example: the same conflict, synced in either order
      Given replicas A and B
      Then who syncs first does not decide a conflict

  @SY-05 @must @feature @machine @interleavings @load
  Rule: No local write is lost: what was written while offline or during a running sync is pushed later
    People do not write things twice to be sure.
    Broken by: overwriting local with remote after an await

    Example: written offline
      Given replicas A and B
      And the line of A is cut
      When A writes red to colour
      And the line of A works again
      And A and B sync in turn
      Then A, B and the store have red in colour

    Example: a sync has failed in the meantime
      Given replicas A and B
      And A has written red to colour
      And the line of A is cut
      And A has failed to sync
      When the line of A works again
      And A and B sync in turn
      Then A, B and the store have red in colour

    Example: written while a sync waits for its reply
      Given replicas A and B
      And A has written red to colour
      And the line of A is slow
      And a sync of A is under way
      When A writes blue to colour
      And the line of A works again
      And A and B sync in turn
      Then A, B and the store have blue in colour

    Example: another key written while a sync waits for its reply
      Given replicas A and B
      And A has written red to colour
      And the line of A is slow
      And a sync of A is under way
      When A writes round to shape
      And the line of A works again
      And A and B sync in turn
      Then A, B and the store have round in shape

  @SY-06 @must @feature @machine @interleavings
  Rule: A failed pull or push leaves the local state readable and unchanged, reports the error, and does not advance last_sync
    Otherwise nobody knows that the sync must be done again, or from what.
    Broken by: last_sync stored before success

    Example: the store is unreachable
      Given replicas A and B
      And A has written red to colour
      And the line of A is cut
      When A syncs
      Then the sync of A fails
      And A has red in colour
      And last_sync of A has not changed

    Example: the reply is lost
      Given replicas A and B
      And B has written blue to colour
      And B has synced
      And the line of A loses replies
      When A syncs
      Then the sync of A fails
      And A has nothing in colour
      And last_sync of A has not changed

    Example: after a sync that succeeded
      Given replicas A and B
      And A has written red to colour
      And A has synced
      And 11 s have passed
      And the line of A is cut
      When A syncs
      Then the sync of A fails
      And A has red in colour
      And last_sync of A has not changed

  @SY-07 @must @feature @machine
  Rule: Automatic pushes are at most one a sync_interval, and the last write of an interval is pushed when it ends, with no further write needed
    The store is spared, and what people wrote last does not stay behind when they stop writing.
    Broken by: the trailing write is dropped, as the pattern's text does

    Example: the last of several writes
      Given replicas A and B that push every 10 s
      When A writes red to colour
      And A writes blue to colour
      And 11 s pass
      Then the store has blue in colour

    Example: the last write of the second interval
      Given replicas A and B that push every 10 s
      And A has written red to colour
      And 11 s have passed
      When A writes blue to colour
      And 4 s pass
      And A writes green to colour
      And 11 s pass
      Then the store has green in colour

    Example: not every write is a push
      Given replicas A and B that push every 10 s
      When A writes red to colour
      And A writes blue to colour
      And 4 s pass
      And A writes green to colour
      Then the store lacks green in colour

  @SY-08 @must @feature @machine
  Rule: A push delivered twice, or late, changes nothing more
    Networks repeat themselves, and do not say so.

    Example: an old push after a newer one of the same replica
      Given replicas A and B
      And A has written red to colour
      And A has synced
      And A has written blue to colour
      And A has synced
      When all that A ever sent is delivered again
      Then A and the store have blue in colour

    Example: an old push after that of another replica
      Given replicas A and B
      And A has written red to colour
      And A and B have synced in turn
      And B has written blue to colour
      And B has synced
      When all that A ever sent is delivered again
      And A and B sync in turn
      Then A, B and the store have blue in colour

    Example: a push that was lost comes late
      Given replicas A and B
      And A has written red to colour
      And the line of A is cut
      And A has failed to sync
      And the line of A works again
      And A has written blue to colour
      And A has synced
      When all that A ever sent is delivered again
      Then A and the store have blue in colour

  @SY-09 @must @feature @machine
  Rule: A deleted key does not come back from a replica that had not heard of the deletion
    What people have deleted they do not expect to see again.
    Broken by: no tombstone

    Example: the other replica still has it
      Given replicas A and B
      And A has written red to colour
      And A and B have synced in turn
      When A deletes colour
      And A, B and A sync in turn
      Then A, B and the store have nothing in colour

    Example: the other replica has something else to push
      Given replicas A and B
      And A has written red to colour
      And A and B have synced in turn
      When A deletes colour
      And A syncs
      And B writes round to shape
      And B and A sync in turn
      Then A, B and the store have nothing in colour

    Example: an old push comes late
      Given replicas A and B
      And A has written red to colour
      And A has synced
      When A deletes colour
      And A syncs
      And all that A ever sent is delivered again
      And A and B sync in turn
      Then A, B and the store have nothing in colour

  @SY-10 @must @feature @machine
  Rule: A wall clock that jumps forward or back neither stops syncing nor lets an old value win
    Clocks are set by people, by servers and twice a year by law.
    Broken by: unsigned now - last, as the pattern's text does

    Example: the clock goes back before a value is overwritten
      Given replicas A and B
      And A has written red to colour
      And A and B have synced in turn
      When the wall clock is set back by 3600 s
      And B writes blue to colour
      And B and A sync in turn
      Then A, B and the store have blue in colour

    Example: the clock was ahead for a while
      Given replicas A and B
      When the wall clock is set forward by 3600 s
      And A writes red to colour
      And A and B sync in turn
      And the wall clock is set back by 3600 s
      And B writes blue to colour
      And B and A sync in turn
      Then A, B and the store have blue in colour

    Example: automatic pushes go on
      Given replicas A and B that push every 10 s
      And A has written red to colour
      And 11 s have passed
      When the wall clock is set back by 3600 s
      And A writes blue to colour
      And 11 s pass
      Then the store has blue in colour

  @SY-11 @must @feature @machine
  Rule: SyncResult says what was pushed, pulled, merged and in conflict, and is right
    It is all that the caller gets to know.

    Example: changes here and elsewhere
      Given replicas A and B
      And A has written red to colour
      And A has synced
      When B writes round to shape
      And B syncs
      Then the sync of B reports shape as pushed
      And the sync of B reports colour as pulled
      And the sync of B reports nothing else

    Example: nothing to do
      Given replicas A and B
      And A has written red to colour
      And A and B have synced in turn
      When B syncs
      Then the sync of B reports nothing

    Example: a conflict
      Given replicas A and B
      And A has written red to colour
      And A has synced
      When B writes blue to colour
      And B syncs
      Then the sync of B reports colour as merged or in conflict

    Example: a value that is overwritten by who knew of it is no conflict
      Given replicas A and B
      And A has written red to colour
      And A and B have synced in turn
      When B writes blue to colour
      And B syncs
      Then the sync of B reports colour as pushed
      And the sync of B reports nothing else

  @SY-12 @must @feature @interleavings
  Rule: Concurrent sync() calls of one replica do not interleave into a wrong state; a cancelled sync can be run again
    A timer and a button may call it in the same moment, and people lose patience.

    Example: two syncs of one replica
      Given replicas A and B
      And A has written red to colour
      And the line of A is slow
      And a sync of A is under way
      When A writes blue to colour
      And A begins to sync
      And the line of A works again
      And A and B sync in turn
      Then A, B and the store have blue in colour

    Example: a sync is cancelled and run again
      Given replicas A and B
      And A has written red to colour
      And the line of A is slow
      And a sync of A is under way
      When the sync of A is cancelled
      And the line of A works again
      And A and B sync in turn
      Then the sync of A succeeds
      And A, B and the store have red in colour

    Example: the later of two syncs is cancelled
      Given replicas A and B
      And A has written red to colour
      And the line of A is slow
      And a sync of A is under way
      And A has written blue to colour
      When A begins to sync
      And the sync of A is cancelled
      And the line of A works again
      And A and B sync in turn
      Then A, B and the store have blue in colour

  @SY-13 @should @feature @load
  Rule: A sync after small changes transfers in proportion to the change, not to the state
    Otherwise the cost of every keystroke grows with the document.

    Example: one change of a state of 25 keys and of one of 200
      Given replicas A and B
      Then what one change transfers does not grow with the state

  @SY-14 @should @feature @machine
  Rule: Retries back off, with jitter, up to a bound
    A store that is getting up again must not be run over by everybody at once.

    Example: each wait is longer than the one before
      Given replicas A and B that retry 3 times, waiting 1 s at first and 4 s at most
      And the line of A is cut
      When A begins to sync
      And 61 s pass
      Then the sync of A fails
      And it has waited up to 3 times, longer each time, and never longer than 4 s

    Example: chance decides how long
      Given replicas A and B that retry 3 times, waiting 1 s at first and 4 s at most
      And the line of A is cut
      And chance gives 0.9
      And A has tried to sync for 61 s
      When chance gives 0.3
      And A begins to sync
      And 61 s pass
      Then it has not waited as before

  @SY-15 @may @claim-three_way_merge @feature @machine
  Rule: three_way_merge: a merge function supplied by the user is called with base, local and remote, and SY-02 still holds
    Only the user knows how two changes of one value go together.

    Example: both changes are kept
      Given replicas A and B that keep what both sides added
      When A writes red to colour
      And B writes blue to colour
      And A, B and A sync in turn
      Then A, B and the store have red and blue in colour

    Example: the base is the last common value
      Given replicas A and B that keep what both sides added
      And A has written red to colour
      And A and B have synced in turn
      When A writes blue to colour
      And B writes green to colour
      And A, B and A sync in turn
      Then the merge function was called with red as the base, and with blue and green
      And A, B and the store have blue and green in colour

    Example: one side has merged already
      Given replicas A and B that keep what both sides added
      And A has written red to colour
      And A has synced
      And B has written blue to colour
      And B has synced
      When A writes green to colour
      And A, B and A sync in turn
      Then A, B and the store have blue and green in colour

  @SY-16 @may @claim-distributed @feature @load
  Rule: distributed: replicas in different processes over a real store; the store's restart is survived
    A replica that was told that its change is stored must be able to rely on it.

    Example: a replica of another process gets the change
      Given replica A, and replica B in a process of its own, over a real store
      When A writes red to colour
      And A and B sync in turn
      Then B has red in colour

    Example: the same key in both processes
      Given replica A, and replica B in a process of its own, over a real store
      When A writes red to colour
      And B writes blue to colour
      And A, B and A sync in turn
      Then A and B agree on red or blue in colour
      And the sync of B reports colour as merged or in conflict

    Example: a deletion in another process
      Given replica A, and replica B in a process of its own, over a real store
      And A has written red to colour
      And A and B have synced in turn
      When B deletes colour
      And B and A sync in turn
      Then A and B have nothing in colour

    Example: both processes at the same time
      Given replica A, and replica B in a process of its own, over a real store
      When A and B write 20 values each and sync after each, at the same time
      And A, B and A sync in turn
      Then A and B have all of these values

    Example: the store is restarted in between
      Given replica A, and replica B in a process of its own, over a real store
      When A writes red to colour
      And A syncs
      And the store is restarted
      And B and A sync in turn, again where it fails
      Then A and B have red in colour

    Example: the store is away for a while
      Given replica A, and replica B in a process of its own, over a real store
      When the store is stopped
      And A writes red to colour
      And A syncs
      And the store is started again
      And A and B sync in turn, again where it fails
      Then A and B have red in colour

    Example: the store is restarted in the middle of work
      Given replica A, and replica B in a process of its own, over a real store
      When A and B write 20 values each and sync after each, and the store is restarted meanwhile
      And A, B and A sync in turn, again where it fails
      Then A and B have all of these values
