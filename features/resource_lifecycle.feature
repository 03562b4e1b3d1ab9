Feature: Resource lifecycle
  Connections, workers and files have to be opened before anybody uses them, and closed when nobody does any more. A resource
  manager initialises what is registered with it, gives it by its id, and cleans all of it up in the end.

  In the examples each registration hands in a new resource, which knows how often it was initialised and cleaned up. What its
  initialisation has opened, if in part, is closed by its cleanup alone.

  @RL-01 @must @feature @machine @interleavings
  Rule: register() initialises the resource once, and get() gives it only after that has succeeded
    Whoever gets a resource uses it, and one that is half open fails in ways that nobody has thought of.
    Broken by: stored first, initialised later

    Example: a resource
      Given a resource manager
      When resource db is registered
      Then the registration of db succeeds
      And db was initialised once
      And db can be got

    Example: a resource that takes its time
      Given a resource manager
      And resource db, which takes its time to initialise, is being registered
      When resource db is got
      Then db was not given
      And the registration of db has not ended

    Example: a resource that has taken its time
      Given a resource manager
      And resource db, which takes its time to initialise, is being registered
      When the initialisation of db ends
      Then the registration of db succeeds
      And db was initialised once
      And db can be got

    Example: each by its own id
      Given a resource manager
      And resources db and cache were registered
      Then db can be got
      And cache can be got

  @RL-02 @must @feature @machine @interleavings
  Rule: A failing initialise surfaces its error, leaves the id free, and cleans what was begun
    What was opened before the failure is in nobody's hands but the manager's.
    Broken by: half-initialised resource left behind

    Example: the error
      Given a resource manager
      When resource db, which fails to initialise half-way, is registered
      Then the registration of db fails with the error of the resource
      And db cannot be got

    Example: what was begun
      Given a resource manager
      When resource db, which fails to initialise half-way, is registered
      Then db was cleaned up once

    Example: the next one under that id
      Given a resource manager
      When resource db, which fails to initialise half-way, is registered
      And resource db is registered
      Then the registration of db succeeds
      And db can be got

    Example: what failed has no part in the cleanup
      Given a resource manager
      When resource db, which fails to initialise half-way, is registered
      And everything is cleaned up
      Then the cleanup ends without an error
      And db was cleaned up once

    Example: what failed before anything was opened may be cleaned up or not
      Given a resource manager
      When resource db, which fails to initialise before it has opened anything, is registered
      Then the registration of db fails with the error of the resource
      And db cannot be got

  @RL-03 @must @feature @machine
  Rule: get() of an unknown id is a not-found error that names the id
    A name that was misspelt is found at once where the error says it.
    Broken by: None in place of an error, a KeyError of the manager's own

    Example: nothing was registered
      Given a resource manager
      When resource db is got
      Then it is not found, and the error names db

    Example: another was registered
      Given a resource manager
      And resource cache was registered
      When resource db is got
      Then it is not found, and the error names db

  @RL-04 @must @feature @machine @interleavings
  Rule: Registering an id that is taken is an error that leaves the first as it was (or, where `replace` is claimed, cleans the first up before it is replaced)
    A resource that nobody can get any more is one that nobody closes.
    Broken by: silent overwrite without cleanup, as the pattern's text does

    Example: the second is refused
      Given a resource manager that does not replace
      And resource db was registered
      When resource db is registered
      Then the registration of db is refused
      And the first db can be got
      And the second db is not left initialised

    Example: the first is none the worse for it
      Given a resource manager that does not replace
      And resource db was registered
      When resource db is registered
      Then the first db has not been cleaned up

    Example: each is cleaned up once in the end
      Given a resource manager that does not replace
      And resource db was registered
      When resource db is registered
      And everything is cleaned up
      Then the first db was cleaned up once
      And the second db is not left initialised

    Example: where it is replaced
      Given a resource manager that replaces
      And resource db was registered
      When resource db is registered
      Then the registration of db succeeds
      And the first db was cleaned up once
      And db can be got

  @RL-05 @must @feature @machine @interleavings
  Rule: cleanup_all() cleans every resource exactly once, even if some fail
    One file that cannot be closed is no reason to leave the others open.
    Broken by: stopping at the first failure

    Example: all of them
      Given a resource manager
      And resources db, cache and queue were registered
      When everything is cleaned up
      Then db, cache and queue were cleaned up once each

    Example: one fails
      Given a resource manager
      And resource db was registered
      And resource cache, which fails to clean up, was registered
      And resource queue was registered
      When everything is cleaned up
      Then db, cache and queue were cleaned up once each

    Example: one fails in a way that is no Exception
      Given a resource manager
      And resource db was registered
      And resource cache, whose cleanup raises a BaseException, was registered
      When everything is cleaned up
      Then db and cache were cleaned up once each

    Example: what has failed is not tried again
      Given a resource manager
      And resource db, which fails to clean up, was registered
      When everything is cleaned up
      And everything is cleaned up
      Then db was cleaned up once

  @RL-06 @must @feature @machine
  Rule: Cleanup runs in the reverse of the order of registration (dependants before what they depend on)
    A session writes its last words to the connection, which has to be there still.
    Broken by: the order of a hash map, as in the pattern's text

    Example: three resources
      Given a resource manager
      And resources db, session and api were registered
      When everything is cleaned up
      Then api, session and db were cleaned up in this order

    Example: the names make no difference
      Given a resource manager
      And resources zoo, ant and mole were registered
      When everything is cleaned up
      Then mole, ant and zoo were cleaned up in this order

    Example: each waits until the one before is done
      Given a resource manager
      And resource db was registered
      And resource session, which takes its time to clean up, was registered
      When everything is cleaned up
      Then db has not been cleaned up

    Example: once that is done
      Given a resource manager
      And resource db was registered
      And resource session, which takes its time to clean up, was registered
      When everything is cleaned up
      And the cleanup of session ends
      Then session and db were cleaned up in this order

  @RL-07 @must @feature @machine
  Rule: Failures of cleanup are reported together, with the ids
    Data that was not written is lost for good, and somebody should hear which.
    Broken by: logged only

    Example: one of three
      Given a resource manager
      And resources db and cache were registered
      And resource queue, which fails to clean up, was registered
      When everything is cleaned up
      Then the cleanup reports the failure of queue

    Example: two of three
      Given a resource manager
      And resource db, which fails to clean up, was registered
      And resource cache was registered
      And resource queue, which fails to clean up, was registered
      When everything is cleaned up
      Then the cleanup reports the failures of db and queue

    Example: none
      Given a resource manager
      And resources db and cache were registered
      When everything is cleaned up
      Then the cleanup ends without an error

  @RL-08 @must @feature @machine @interleavings
  Rule: After cleanup_all() nothing can be got, and a second call does nothing
    A resource that is closed and still handed out fails where nobody looks for the reason.
    Broken by: resources stay registered, as in the pattern's text

    Example: nothing can be got
      Given a resource manager
      And resource db was registered
      When everything is cleaned up
      Then db cannot be got

    Example: a second cleanup
      Given a resource manager
      And resources db and cache were registered
      When everything is cleaned up
      And everything is cleaned up
      Then the cleanup ends without an error
      And db and cache were cleaned up once each

    Example: two at the same moment
      Given a resource manager
      And resources db and cache were registered
      When two clean everything up at the same moment
      Then db and cache were cleaned up once each

    Example: a second while the first is not over
      Given a resource manager
      And resource db, which takes its time to clean up, was registered
      When everything is cleaned up
      And everything is cleaned up
      And the cleanup of db ends
      Then db was cleaned up once

    Example: nothing to clean up
      Given a resource manager
      When everything is cleaned up
      Then the cleanup ends without an error

  @RL-09 @must @interleavings
  Rule: A register() under way when cleanup_all() begins ends in exactly one of: registered and cleaned, or refused; never leaked
    What comes as the others go is in nobody's list, and stays open until the process ends.
    Broken by: a list that is emptied and filled again, a resource stored after the cleanup has looked

  @RL-10 @must @interleavings
  Rule: A cancelled register() leaves nothing initialised and the id free
    A deadline of the caller's ends the call at any point, the worst one included.
    Broken by: an except clause that lets CancelledError through, an id that is reserved and never given back

  @RL-11 @must @feature @interleavings
  Rule: Two concurrent registrations of one id: exactly one wins
    Both have looked, both have found the id free, and one of the two resources is lost.
    Broken by: check-then-act across the await

    Example: at the same moment
      Given a resource manager that does not replace
      When two resources are registered as db at the same moment
      Then exactly one of the registrations of db succeeds
      And exactly one db is left initialised
      And db can be got

    Example: one takes its time
      Given a resource manager that does not replace
      And resource db, which takes its time to initialise, is being registered
      When resource db is registered
      And the initialisation of the first db ends
      Then exactly one of the registrations of db succeeds
      And exactly one db is left initialised

  @RL-12 @must @feature @machine @interleavings
  Rule: Health is reported for each resource; a check that raises or takes too long counts as unhealthy and does not break the report
    The report is asked for when something is wrong, and that is when checks fail.
    Broken by: one failing check that takes the whole report with it

    Example: all are well
      Given a resource manager that reports health
      And resources db and cache were registered
      When the health is asked for
      Then db is reported as healthy
      And cache is reported as healthy

    Example: one is not
      Given a resource manager that reports health
      And resources db and cache were registered
      And db is ill
      When the health is asked for
      Then db is reported as unhealthy
      And cache is reported as healthy

    Example: a check that raises
      Given a resource manager that reports health
      And resources db and cache were registered
      And the check of cache raises
      When the health is asked for
      Then cache is reported as unhealthy
      And db is reported as healthy

    Example: a check that takes too long
      Given a resource manager that gives up checks after 10 s
      And resources db and cache were registered
      And the check of db hangs
      When the health is asked for
      And 100 s pass
      Then db is reported as unhealthy
      And cache is reported as healthy

  @RL-13 @must @feature @interleavings
  Rule: Leaving the manager's scope cleans up after success, error and cancellation alike
    It is after an error that nobody thinks of cleaning up.
    Broken by: a clean-up after the yield and not in a finally clause

    Example: success
      Given a resource manager whose scope was entered
      And resources db and cache were registered
      When the scope is left
      Then cache and db were cleaned up in this order
      And the scope ends without an error

    Example: an error
      Given a resource manager whose scope was entered
      And resources db and cache were registered
      When the scope is left with an error
      Then db and cache were cleaned up once each
      And the scope ends with that error

    Example: a cancellation
      Given a resource manager whose scope was entered
      And resources db and cache were registered
      When the scope is cancelled
      Then db and cache were cleaned up once each

    Example: a cancellation while it is left
      Given a resource manager whose scope was entered
      And resource db was registered
      And resource cache, which takes its time to clean up, was registered
      When the scope is left
      And the scope is cancelled
      And the cleanup of cache ends
      Then db was cleaned up once

  @RL-14 @should @feature @interleavings
  Rule: A cleanup or initialise that hangs is given up after its timeout, reported, and does not stop the others
    A shutdown that waits for one resource is killed, and then nothing is cleaned up.
    Broken by: a cleanup without a limit, a limit for all of them together that the first one uses up

    Example: an initialise
      Given a resource manager that gives up to initialise after 10 s
      And resource db, which takes its time to initialise, is being registered
      When 100 s pass
      Then the registration of db fails
      And db cannot be got

    Example: not before its time
      Given a resource manager that gives up to initialise after 10 s
      And resource db, which takes its time to initialise, is being registered
      When 4 s pass
      Then the registration of db has not ended

    Example: a cleanup
      Given a resource manager that gives up to clean up after 10 s
      And resource db was registered
      And resource cache, which takes its time to clean up, was registered
      When everything is cleaned up
      And 100 s pass
      Then the cleanup reports the failure of cache
      And db was cleaned up once

  @RL-15 @may @claim-dependencies @feature @machine
  Rule: Declared dependencies are initialised first and cleaned last; a cycle is refused at registration
    What a resource depends on has to be there as long as it is.
    Broken by: dependencies that are noted and never looked at

    Example: one after the other
      Given a resource manager
      And resource db was registered
      When resource session, which needs db, is registered
      And everything is cleaned up
      Then session and db were cleaned up in this order

    Example: what it depends on is not there
      Given a resource manager
      When resource session, which needs db, is registered
      Then session is not initialised

    Example: it would depend on itself
      Given a resource manager
      When resource db, which needs db, is registered
      Then the registration of db is refused
      And db is not initialised

    Example: each would depend on the other
      Given a resource manager
      When resource db, which needs session, is registered
      And resource session, which needs db, is registered
      Then the registration of session is refused
      And session is not initialised

  @RL-16 @may @claim-restart @feature @machine
  Rule: An unhealthy resource is cleaned and initialised again, within a limit
    A new connection helps more often than not, and where it does not an endless circle of them does harm.
    Broken by: initialised again without a cleanup, restarts without a limit

    Example: it helps
      Given a resource manager that restarts what is unhealthy, up to 1 time in a row
      And resource db was registered
      And db is ill
      When the health is asked for
      And 100 s pass
      Then db was cleaned up and initialised again, 1 time

    Example: it does not help
      Given a resource manager that restarts what is unhealthy, up to 1 time in a row
      And resource db was registered
      And db is ill for good
      When the health is asked for
      And 100 s pass
      And the health is asked for
      Then db was cleaned up and initialised again, 1 time

    Example: what is healthy is let be
      Given a resource manager that restarts what is unhealthy, up to 1 time in a row
      And resource db was registered
      When the health is asked for
      And 100 s pass
      Then db was initialised once
      And db has not been cleaned up
