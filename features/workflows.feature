Feature: Workflows
  The patterns working together. A component is made over parts, each of which is an implementation of another pattern; what is
  checked here is what comes of the whole. Where an adapter has parts and no component of its own, the reference's component is
  made over its parts.

  @WF-01 @must @feature @machine @interleavings @load
  Rule: Core component: a command goes through the message service and comes back as a response; its handler updates the shared state
    Two patterns that are right by themselves can be put together wrongly: a handler that is never registered, a state that is copied.
    Broken by: registering the handler without waiting for it, as the pattern's example does

    Example: a command is answered
      Given a core component
      When command 0 is sent
      And the peer answers command 0
      Then the peer has got command 0 once
      And command 0 comes back with the response to it

    Example: two commands are answered in another order
      Given a core component
      When command 0 is sent
      And command 1 is sent
      And the peer answers command 1
      And the peer answers command 0
      Then command 1 comes back with the response to it
      And command 0 comes back with the response to it

    Example: a command that the peer cannot deal with
      Given a core component
      When command 0 is sent
      And the peer answers command 0 with a fault
      Then command 0 raises an error of the fault's kind

    Example: a message updates the shared state
      Given a core component
      When the peer reports message 0
      Then the shared state has message 0 once

    Example: others use the shared state too
      Given a core component
      When the peer reports message 0
      And somebody else makes update 1
      And the peer reports message 2
      Then the shared state has message 0 once
      And the shared state has update 1 once
      And the shared state has message 2 once

    Example: a message about something else
      Given a core component
      When the peer reports message 0 about something else
      And the peer reports message 1
      Then the shared state has nothing but message 1

  @WF-02 @must @feature @machine @interleavings
  Rule: UI component: a user action is recorded locally and published; an action that fails publishes nothing; context and tool events update its state, events of other kinds are ignored; it misses no event published after its construction
    A user who sees an old context, or is told of an action that never happened, does the wrong thing next.
    Broken by: subscribing inside the spawned task, as the pattern's example does

    Example: an action succeeds
      Given a UI component
      When the user begins action 1
      And action 1 succeeds
      Then action 1 is on record
      And action 1 was published once

    Example: an action fails
      Given a UI component
      When the user begins action 1
      And action 1 fails
      Then the user is told that action 1 has failed
      And action 1 was not published

    Example: an action is under way
      Given a UI component
      When the user begins action 1
      Then action 1 was not published

    Example: the context changes
      Given a UI component
      When the context changes to number 1
      And the context changes to number 2
      Then it shows context 2

    Example: the context changes twice in a row
      Given a UI component
      When the context changes to number 1, and at once to what it is in the end
      Then it shows context 1 in the end

    Example: tools are executed
      Given a UI component
      When tool a is executed with status 1
      And tool b is executed with status 2
      And tool a is executed with status 3
      Then it shows status 3 of tool a
      And it shows status 2 of tool b

    Example: <event>
      Given a UI component
      And the context changes to number 1
      When something else is published: <event>
      And tool a is executed with status 2
      Then it shows context 1
      And it shows status 2 of tool a

      Examples:
        | event                 |
        | a state changes       |
        | a resource is updated |
        | an error occurs       |
        | another user acts     |

    Example: the context changes as soon as it is made
      Given a UI component, and a context that changes as soon as it is made
      Then it shows context 0

  @WF-03 @must @feature @machine @interleavings @load
  Rule: A failing dependency behind pool and breaker: errors propagate typed, the breaker opens, the pool drains whole, an error event is published, recovery closes the breaker
    What guards against failures has to work when there is one, and to let go when it is over.
    Broken by: catching the error inside of what the breaker calls, returning the connection on success only

    Example: the dependency replies
      Given a guarded client
      When query 0 is made
      And the dependency replies to query 0
      Then query 0 returns the reply
      And no error event was published

    Example: the dependency fails
      Given a guarded client
      When query 0 is made
      And the dependency fails query 0
      Then query 0 raises a typed error that comes from the failure
      And an error event was published

    Example: the dependency breaks a connection
      Given a guarded client
      When query 0 is made
      And the dependency breaks the connection of query 0
      Then query 0 raises a typed error that comes from the failure
      And an error event was published

    Example: the breaker opens
      Given a guarded client
      And the dependency has failed 2 queries
      When query 2 is made
      Then query 2 is rejected

    Example: one failure opens nothing
      Given a guarded client
      And the dependency has failed 1 query
      When query 1 is made
      And the dependency replies to query 1
      Then query 1 returns the reply

    Example: the dependency recovers
      Given a guarded client
      And the dependency has failed 2 queries
      When the reset timeout passes
      And query 2 is made
      And the dependency replies to query 2
      And query 3 is made
      Then query 2 returns the reply
      And the dependency has got query 3

    Example: the pool drains whole
      Given a guarded client
      And the dependency has failed 2 queries
      When the client's pool is closed
      Then no connection to the dependency is open

  @WF-04 @must @feature @machine @interleavings
  Rule: Two components with local state converge through the synchroniser while the event bus announces each change once
    Each works on where the other cannot be reached; and whoever listens learns of every change, and of none twice.
    Broken by: announcing what was pulled again, pulling without pushing, as the pattern's text does

    Example: a change arrives at the other
      Given two components with local state
      When alpha makes change 0
      And alpha synchronises
      And beta synchronises
      Then beta shows change 0
      And each change was announced once

    Example: a change is local at once
      Given two components with local state
      When alpha makes change 0
      Then alpha shows change 0

    Example: a change is overwritten by the other
      Given two components with local state
      And alpha makes change 0
      And alpha synchronises
      And beta synchronises
      When beta makes change 1
      And beta synchronises
      And alpha synchronises
      Then alpha shows change 1
      And beta shows change 1
      And each change was announced once

    Example: both change the same
      Given two components with local state
      And alpha makes change 0
      And beta makes change 1
      When alpha synchronises
      And beta synchronises
      And alpha synchronises
      Then both show the same change
      And each change was announced once

    Example: the way is cut for a while
      Given two components with local state
      And the way of alpha is cut
      And alpha makes change 0
      When alpha cannot synchronise
      And the way of alpha is mended
      And alpha synchronises
      And beta synchronises
      Then beta shows change 0

  @WF-05 @must @feature @interleavings @load
  Rule: Shutdown in the middle of work: the lifecycle manager cleans everything up in order, no task, connection, subscription or handler remains
    A system that is stopped is stopped at the worst moment; what it leaves behind is found when it cannot be started again.
    Broken by: closing the pool first, forgetting what is under way

    Example: nothing is under way
      Given a working system
      When the manager cleans up
      Then cleaning up has ended
      And nothing of the system remains
      And it was cleaned up in order

    Example: a job is under way
      Given a working system
      And work 0 is given as a job
      When the manager cleans up
      And work 0 ends
      Then cleaning up has ended
      And nothing of the system remains
      And it was cleaned up in order

    Example: a message is under way
      Given a working system
      And work 0 comes as a message
      When the manager cleans up
      And work 0 ends
      Then cleaning up has ended
      And nothing of the system remains
      And it was cleaned up in order

    Example: an event is under way
      Given a working system
      And work 0 comes as an event
      When the manager cleans up
      And work 0 ends
      Then cleaning up has ended
      And nothing of the system remains
      And it was cleaned up in order

    Example: a job that was under way ends
      Given a working system
      And work 0 is given as a job
      When the manager cleans up
      And work 0 ends
      Then job 0 has ended

    Example: new work is refused
      Given a working system
      And the manager cleans up
      When work 0 is given as a job
      And work 1 comes as a message
      And work 2 comes as an event
      Then job 0 is refused
      And nothing is under way
