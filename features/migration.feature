Feature: Migration
  A system moves from old ways to these patterns while it runs, one piece after the other. For a while both ways are there: a legacy
  component behind the new interface, direct calls beside events, an old store beside a new one, old errors beside new ones. What
  stands between the two must not show.

  In the examples the direct way and the bus, both stores and the flag, and the legacy component are the kit's. A call asks a
  bridge for an action; the direct way ends with it when an example says so. Updates and reads of a switch are numbered together.

  @MG-01 @must @feature @machine
  Rule: A legacy component behind an adapter passes the same service-interface requirements
    Whoever was written against the interface must not care which of the two is behind it.
    Broken by: tickets that are taken for ids of messages; answers that are handed out in order; codes that nobody translates

    Example: every method is there
      Given a legacy component behind an adapter
      Then the service has every method of the interface, as it should be

    Example: what is said is what is done
      Given a legacy component behind an adapter
      When service handler A is registered
      And service handler A is unregistered
      Then the service has every method of the interface, as it should be

    Example: a component with commands, a handler and a reader
      Given a legacy component behind an adapter
      Then a consumer gets the same from the service as from a test double

    Example: answers out of order
      Given a legacy component behind an adapter
      When requests 1, 2 and 3 are sent
      And the peer answers request 3
      And the peer answers request 1
      Then request 1 gets its response
      And request 3 gets its response
      And request 2 waits

    Example: a ticket that is answered after its call was cancelled
      Given a legacy component behind an adapter
      And request 1 is under way
      When the call of request 1 is cancelled
      And request 2 is sent
      And the peer answers request 1
      And the peer answers request 2
      Then request 2 gets its response

    Example: a code is told as a typed error
      Given a legacy component behind an adapter
      When request 1 is sent
      And the peer answers request 1 with a fault
      Then request 1 gets a typed error with the fault of the peer

    Example: the legacy component does not take a request
      Given a legacy component behind an adapter
      When request 1 is sent, which the transport refuses
      Then request 1 gets a typed error with that of the transport

    Example: the legacy component is lost
      Given a legacy component behind an adapter
      And request 1 is under way
      When the peer is lost
      Then request 1 gets a typed error with that of the transport

    Example: what the legacy component says by itself
      Given a legacy component behind an adapter
      And service handlers A and B
      And reader 1
      When the peer sends messages 1 and 2
      Then service handler A has heard 1 and 2
      And service handler B has heard 1 and 2
      And reader 1 has got 1 and 2

    Example: a handler fails at what the legacy component says
      Given a legacy component behind an adapter
      And service handler A
      When the peer sends message 1
      And service handler A fails
      Then the sender of message 1 gets a typed error

    Example: a handler sends to the legacy component
      Given a legacy component behind an adapter
      And service handler A
      And service handler A is busy with message 1
      When service handler A sends request 1
      And the peer answers request 1
      Then request 1 gets its response
      And no handler waits for the service

    Example: data that is hard on a wire
      Given a legacy component behind an adapter
      When request 1 is sent, with data that is hard on a wire
      And the peer answers request 1
      Then the peer has got request 1 once, as it was sent
      And request 1 gets its response

  @MG-02 @must @feature @machine @interleavings @load
  Rule: While direct calls and events run side by side through the bridge, each action takes effect exactly once
    An order that is shipped by both ways is shipped twice, and one that each leaves to the other never.
    Broken by: both paths act; ids that are remembered before, or long after, the effect

    Example: by a direct call
      Given an event bridge
      When direct call 1 asks for action 1
      And the direct way makes action 1 take effect
      Then action 1 has taken effect once
      And direct call 1 returns
      And the bridge has published the event of action 1 once

    Example: by its event
      Given an event bridge
      When the event of action 1 comes
      And the direct way makes action 1 take effect
      Then action 1 has taken effect once
      And the bridge has not published the event of action 1

    Example: by a direct call and by its event
      Given an event bridge
      And direct call 1 waits for action 1
      When the event of action 1 comes
      And the direct way makes action 1 take effect twice, if asked to
      Then action 1 has taken effect once
      And direct call 1 returns

    Example: its event comes again
      Given an event bridge
      And action 1 has come by its event, and taken effect
      When the event of action 1 comes
      And the direct way makes action 1 take effect
      Then action 1 has taken effect once

    Example: its event comes after the call
      Given an event bridge
      And action 1 has come by direct call 1, and taken effect
      When the event of action 1 comes
      And the direct way makes action 1 take effect
      Then action 1 has taken effect once

    Example: it is called again
      Given an event bridge
      And action 1 has come by direct call 1, and taken effect
      When direct call 2 asks for action 1
      Then direct call 2 returns
      And the bridge has published the event of action 1 once

    Example: a call is cancelled and made again
      Given an event bridge
      And direct call 1 waits for action 1
      When direct call 1 is cancelled
      And direct call 2 asks for action 1
      And the direct way makes action 1 take effect twice, if asked to
      Then action 1 has taken effect once
      And direct call 2 returns

    Example: a call is cancelled as its action takes effect
      Given an event bridge
      And direct call 1 waits for action 1
      When the direct way makes action 1 take effect at the moment at which direct call 1 is cancelled
      And direct call 2 asks for action 1
      And the direct way makes action 1 take effect twice, if asked to
      Then action 1 has taken effect once

    Example: the direct way fails
      Given an event bridge
      And direct call 1 waits for action 1
      When the direct way fails with action 1 for good
      Then direct call 1 raises the error
      And action 1 has not taken effect

    Example: it is called again after it has failed
      Given an event bridge
      And action 1 has come by direct call 1, and failed
      When direct call 2 asks for action 1
      And the direct way makes action 1 take effect
      Then action 1 has taken effect once
      And direct call 2 returns

    Example: its event comes again after it has failed
      Given an event bridge
      And action 1 has come by its event, and failed
      When the event of action 1 comes
      And the direct way makes action 1 take effect
      Then action 1 has taken effect once

    Example: the bus does not take its event
      Given an event bridge
      When direct call 1 asks for action 1, whose event the bus refuses
      And the direct way makes action 1 take effect
      And direct call 2 asks for action 1
      And the direct way makes action 1 take effect twice, if asked to
      Then action 1 has taken effect once
      And direct call 2 returns

  @MG-03 @must @feature @machine @interleavings @load
  Rule: A feature flag moves state handling from the old to the new way and back, under load, with no update lost or applied twice
    A flag that cannot be turned back without losing something is none.
    Broken by: updates under way as the flag is turned; a copy that is taken for whole before it is; merging instead of replacing

    Example: the flag is turned
      Given a state switch
      And update 1 is acknowledged
      When the flag of the switch is turned
      And update 2 is made
      Then the switch has updates 1 and 2, each once
      And the new store has updates 1 and 2, each once

    Example: the flag is turned back
      Given a state switch
      And update 1 is acknowledged
      And the flag of the switch was turned, and update 2 acknowledged
      When the flag of the switch is turned
      And update 3 is made
      Then the switch has updates 1, 2 and 3, each once
      And the old store has updates 1, 2 and 3, each once

    Example: nothing is done between two turns
      Given a state switch
      And update 1 is acknowledged
      When the flag of the switch is turned
      And the flag of the switch is turned
      Then the switch has update 1 once

    Example: an update is under way as the flag is turned
      Given a state switch
      And the old store is slow with update 1
      When the flag of the switch is turned
      And update 2 is made
      And the old store goes on
      Then the switch has updates 1 and 2, each once

    Example: an update comes while another brings the data over
      Given a state switch
      And update 1 is acknowledged
      When the flag of the switch is turned
      And the new store is slow, and updates 2 and 3 are made
      And the new store goes on
      Then the switch has updates 1, 2 and 3, each once

    Example: the flag is turned back while the data is brought over
      Given a state switch
      And update 1 is acknowledged
      When the flag of the switch is turned
      And the new store is slow, and updates 2 and 3 are made
      And the flag of the switch is turned
      And the new store goes on
      Then the switch has updates 1, 2 and 3, each once

    Example: whoever brings the data over is cancelled
      Given a state switch
      And update 1 is acknowledged
      When the flag of the switch is turned
      And the new store is slow, and updates 2 and 3 are made
      And update 2 is cancelled
      And the new store goes on
      Then the switch has updates 1 and 3, each once, and may have update 2

    Example: the store fails while the data is brought over
      Given a state switch
      And update 1 is acknowledged
      When the flag of the switch is turned
      And the new store is slow, and updates 2 and 3 are made
      And the new store fails
      Then the switch has update 1 once, and may have updates 2 and 3

    Example: updates are made at the moment at which the flag is turned
      Given a state switch
      And update 1 is acknowledged
      When updates 2 and 3 are made at the moment at which the flag is turned
      Then the switch has updates 1, 2 and 3, each once

  @MG-04 @must @feature @machine
  Rule: Conversion between old and new error types is total, keeps the cause, and old -> new -> old gives the same error
    An error that gets lost between two ways of telling is found by whoever is on duty at night.
    Broken by: a table of codes without the others; `from None`; a text in place of what was raised

    Example: an error <what>
      Given the conversion of errors
      When an old error <what> is converted
      Then a new error comes of it, with its cause
      And it comes back as it was

      Examples:
        | what                                                  |
        | of a known code                                       |
        | of another known code                                 |
        | of a code that nobody knows                           |
        | with more arguments                                   |
        | of a type that is derived from the old one            |
        | with a cause                                          |
        | whose cause has itself as its cause                   |
        | of a type that nobody knows                           |
        | of a type that is made of other arguments than it has |
        | whose text cannot be had                              |
        | in which nothing can be set                           |
        | that cannot be a key                                  |

    Example: what is no plain error: <what>
      Given the conversion of errors
      When <what> is converted
      Then a new error comes of it, with its cause
      And it comes back as it was

      Examples:
        | what                               |
        | a group of old errors              |
        | a KeyboardInterrupt                |
        | a SystemExit                       |
        | a cancellation                     |
        | one of a type that is no Exception |

    Example: an error that is new already
      Given the conversion of errors
      When a new one already is converted
      Then a new error comes of it, with its cause

    Example: another is converted meanwhile
      Given the conversion of errors
      When an old error of a known code is converted
      And an old error with a cause is converted
      Then both come back as they were

    Example: a new error that never was an old one, <what>
      Given the conversion of errors
      When a new error <what> is restored that never was an old one
      Then an old error comes of it, with its cause

      Examples:
        | what                            |
        | of a known kind                 |
        | of a kind that nobody knows     |
        | of a derived type, with a cause |
