Feature: Service interface
  A component talks to another through a message service: it sends messages and gets responses, and has handlers called, or reads,
  when the other side has something to say. Whoever uses the service knows its interface alone, so that any implementation will do.

  In the examples the peer is whoever is at the other end of the transport. It answers requests when an example says so, and sends
  messages of its own. A handler is busy until it returns; "has heard" lets all handlers return first. Requests and messages are
  numbered, each by itself.

  @SI-01 @must @feature
  Rule: The implementation satisfies the interface by structure: names, parameters, async-ness, return types
    Whoever is written against the interface finds out at once, and not in production, what is missing.
    Broken by: another name for a parameter; a plain method where one is awaited; something else returned than was said

    Example: every method is there
      Given a message service
      Then the service has every method of the interface, as it should be

    Example: what is said is what is done
      Given a message service
      When service handler A is registered
      And service handler A is unregistered
      Then the service has every method of the interface, as it should be

  @SI-02 @must @feature @machine
  Rule: A consumer written against the interface gives the same results with every conforming implementation, a test double included
    What was tested with a double has to hold with the real thing, and with what takes its place later.
    Broken by: data that goes through a narrower format; a result in another shape

    Example: a component with commands, a handler and a reader
      Given a message service
      Then a consumer gets the same from the service as from a test double

    Example: data that is hard on a wire
      Given a message service
      When request 1 is sent, with data that is hard on a wire
      And the peer answers request 1
      Then the peer has got request 1 once, as it was sent
      And request 1 gets its response

  @SI-03 @must @feature @machine @interleavings @load
  Rule: A response answers the request that it names, at any concurrency and after any cancellation
    A response in the wrong hands is worse than none: it looks right.
    Broken by: responses shifted by one after a cancelled call

    Example: in order
      Given a message service
      When requests 1 and 2 are sent
      And the peer answers request 1
      And the peer answers request 2
      Then request 1 gets its response
      And request 2 gets its response

    Example: out of order
      Given a message service
      When requests 1, 2 and 3 are sent
      And the peer answers request 3
      And the peer answers request 1
      And the peer answers request 2
      Then request 1 gets its response
      And request 3 gets its response

    Example: after a cancelled call
      Given a message service
      And request 1 is under way
      When the call of request 1 is cancelled
      And request 2 is sent
      And the peer answers request 1
      And the peer answers request 2
      Then request 2 gets its response

    Example: a request that is answered twice
      Given a message service
      When request 1 is sent
      And the peer answers request 1
      And request 2 is sent
      And the peer answers request 1 once more
      Then request 2 waits

  @SI-04 @must @feature @machine @interleavings @load
  Rule: Each message reaches each registered handler once, in order
    A handler keeps a picture of the other side, and each message changes it.
    Broken by: a task for each message and each handler; handlers that share one queue

    Example: several handlers
      Given a message service
      And service handlers A and B
      When the peer sends messages 1 and 2
      Then service handler A has heard 1 and 2
      And service handler B has heard 1 and 2

    Example: messages that come at once
      Given a message service
      And service handler A
      When messages 1, 2 and 3 come at one moment
      Then service handler A has heard 1, 2 and 3

  @SI-05 @must @feature @machine
  Rule: Handler ids are unique and never reused; an unregistered handler gets nothing more
    An id that was given again takes the wrong handler back.
    Broken by: the number of handlers as the next id; a list that is compared by another object

    Example: a handler that is unregistered
      Given a message service
      And service handlers A and B
      When service handler A is unregistered
      And the peer sends message 1
      Then service handler A has heard nothing
      And service handler B has heard 1

    Example: ids are not used again
      Given a message service
      And service handlers A and B
      When service handler A is unregistered
      And service handler C is registered
      And service handler D is registered
      Then no two handlers have one id

  @SI-06 @must @feature @machine @interleavings
  Rule: A failing handler breaks neither the service nor other handlers; the sender gets a typed error
    Handlers come from many hands, and one of them fails sooner or later.
    Broken by: an error that ends the task that receives; handlers called one by one until one fails; an error that is only logged

    Example: the others
      Given a message service
      And service handlers A and B
      And service handler A is busy with message 1
      When service handler A fails
      And the peer sends message 2
      Then service handler B has heard 1 and 2
      And service handler A has heard 1 and 2

    Example: the sender
      Given a message service
      And service handler A
      And service handler A is busy with message 1
      When service handler A fails
      Then the sender of message 1 gets a typed error

    Example: calls go on
      Given a message service
      And service handler A
      And service handler A is busy with message 1
      When service handler A fails
      And request 1 is sent
      And the peer answers request 1
      Then request 1 gets its response

  @SI-07 @must @feature @machine
  Rule: Errors of a dependency come back as typed errors with their cause, and leave the state as it was
    A caller decides by the type what to do, and people find out by the cause why.
    Broken by: the transport's own error let through; `from None`; a call that waits for a peer that is gone

    Example: the transport fails
      Given a message service
      When request 1 is sent, which the transport refuses
      Then request 1 gets a typed error with that of the transport

    Example: afterwards all is as before
      Given a message service
      And service handler A
      When request 1 is sent, which the transport refuses
      And request 2 is sent
      And the peer sends message 1
      And the peer answers request 2
      Then service handler A has heard 1
      And request 2 gets its response

    Example: the peer has a fault
      Given a message service
      When request 1 is sent
      And the peer answers request 1 with a fault
      Then request 1 gets a typed error with the fault of the peer

    Example: the peer is lost
      Given a message service
      And request 1 is under way
      When the peer is lost
      And request 2 is sent
      Then request 1 gets a typed error with that of the transport
      And request 2 gets a typed error with that of the transport

  @SI-08 @must @feature @machine
  Rule: Dependencies are given at construction; the service makes none in secret, and two instances share nothing
    What is shared in secret meets in production for the first time.
    Broken by: a table of handlers in the class; one connection for all

    Example: two services
      Given a message service
      Then another service over another transport does not change what it does

  @SI-09 @must @feature @interleavings
  Rule: A handler may call the service again (send from within a handler) without deadlock
    To ask back is what most handlers do first.
    Broken by: a handler that is awaited by what receives; a lock held while handlers are called

    Example: a handler sends
      Given a message service
      And service handler A
      And service handler A is busy with message 1
      When service handler A sends request 1
      And the peer answers request 1
      Then request 1 gets its response

    Example: a handler registers another
      Given a message service
      And service handler A
      And service handler A is busy with message 1
      When service handler A registers handler B
      And the peer sends message 2
      Then service handler A has heard 1 and 2

    Example: a handler unregisters itself
      Given a message service
      And service handlers A and B
      And service handler A is busy with message 1
      When service handler A unregisters itself
      And the peer sends message 2
      Then service handler A has heard 1
      And service handler B has heard 1 and 2
      And no handler waits for the service

  @SI-10 @must @feature @machine @interleavings @load
  Rule: receive_messages() misses nothing sent after it returned, and a consumer that stops reading does not stop the others
    Who reads at leisure still gets all of it, and at nobody else's expense.
    Broken by: one queue for all readers; a bounded queue that what receives waits for

    Example: two readers
      Given a message service
      And readers 1 and 2
      When the peer sends messages 1, 2 and 3
      Then reader 1 has got 1, 2 and 3
      And reader 2 has got 1, 2 and 3

    Example: a message right after subscribing
      Given a message service
      When reader 1 subscribes, and message 1 is sent as soon as that has returned
      Then reader 1 has got 1

    Example: a reader that stops reading
      Given a message service
      Then a reader that stops reading holds up nobody

  @SI-11 @must @feature @interleavings
  Rule: An operation cancelled by its caller leaves the service usable
    Callers give up all the time, and others go on.
    Broken by: a lock that is never released; a cancellation that ends the task that receives

    Example: a call after a cancelled one
      Given a message service
      And request 1 is under way
      When the call of request 1 is cancelled
      And request 2 is sent
      And the peer answers request 2
      Then request 2 gets its response

    Example: a call beside a cancelled one
      Given a message service
      And request 1 is under way
      When request 2 is sent
      And the call of request 1 is cancelled
      And the peer answers request 2
      Then request 2 gets its response

    Example: the answer comes at that moment
      Given a message service
      And request 1 is under way
      When the call of request 1 is cancelled at the moment at which the peer answers it
      And request 2 is sent
      And the peer answers request 2
      Then request 2 gets its response

  @SI-12 @should @feature @interleavings
  Rule: A call with a deadline ends by it, with a typed timeout error
    A caller that waits for ever is one more thing that is broken.
    Broken by: a deadline for the connection alone; an error of the runtime let through

    Example: no answer in time
      Given a message service with deadlines
      When request 1 is sent, to be answered within 10 s
      And 30 s pass
      Then request 1 gets a typed error, as its deadline has come

    Example: an answer in time
      Given a message service with deadlines
      When request 1 is sent, to be answered within 10 s
      And 3 s pass
      And the peer answers request 1
      Then request 1 gets its response

    Example: an answer that comes late
      Given a message service with deadlines
      When request 1 is sent, to be answered within 10 s
      And 30 s pass
      And request 2 is sent
      And the peer answers request 1
      Then request 1 gets a typed error, as its deadline has come
      And request 2 waits

  @SI-13 @should @feature @machine @interleavings
  Rule: An operation with the same idempotency key takes effect once
    Whoever heard nothing has to try again, and must not pay twice.
    Broken by: a key that is forgotten with the caller; a look into the table before an await, and an entry after it

    Example: while the first is under way
      Given a message service with idempotency keys
      When request 1 is sent with an idempotency key
      And request 1 is sent again, as 2
      And the peer answers request 1
      Then request 1 gets its response
      And the peer has got request 1 once, as it was sent

    Example: after the first was answered
      Given a message service with idempotency keys
      When request 1 is sent with an idempotency key
      And the peer answers request 1
      And request 1 is sent again, as 2
      Then request 2 gets its response
      And the peer has got request 1 once, as it was sent

    Example: after the first was cancelled
      Given a message service with idempotency keys
      When request 1 is sent with an idempotency key
      And the call of request 1 is cancelled
      And request 1 is sent again, as 2
      Then the peer has got request 1 once, as it was sent
