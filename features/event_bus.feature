Feature: Event bus
  Components tell each other what happened without knowing each other: who has something to tell publishes an event, and who
  wants to know subscribes to its topic. The bus stands between them, so that none waits for another longer than it must.

  In the examples a subscriber keeps what it was sent until it reads it; a handler is called with one event after the other, and
  is busy until it returns. Events are numbered. Where an example says "has received", that subscriber reads, or its handler returns,
  until nothing more comes.

  @EB-01 @must @feature @machine @interleavings @load
  Rule: An event reaches every subscription of its topic, once each
    Whoever subscribed relies on hearing, and whoever acts on an event acts once for each time it hears.
    Broken by: queues whose readers share the events; a second delivery after an error

    Example: two subscribers
      Given an event bus
      And subscribers A and B of state events
      When publisher P publishes state event 1
      Then subscriber A has received event 1
      And subscriber B has received event 1

    Example: two handlers
      Given an event bus
      And handlers A and B of state events
      When publisher P publishes state event 1
      Then subscriber A has received event 1
      And subscriber B has received event 1

    Example: a subscriber that waits already
      Given an event bus
      And subscriber A of state events
      And subscriber A is waiting
      When publisher P publishes state event 1
      Then subscriber A has received event 1

  @EB-02 @must @feature @machine
  Rule: A subscription never gets an event of a topic that it did not ask for
    Who gets what it did not ask for takes it for something else, or drowns in it.
    Broken by: matching by prefix; one queue for all topics

    Example: an event of another topic
      Given an event bus
      And subscriber A of state events
      When publisher P publishes resource event 1
      And publisher P publishes state event 2
      Then subscriber A has received event 2

    Example: a handler of another topic
      Given an event bus
      And handler A of state events
      When publisher P publishes resource event 1
      Then subscriber A has received nothing

  @EB-03 @must @feature @machine
  Rule: A subscription to several topics gets an event once, not once a topic
    Topics combine as a set; what is in a set is in it once.
    Broken by: a registration for each topic that delivers by itself

    Example: a subscriber of two topics
      Given an event bus
      And subscriber A of state and resource events
      When publisher P publishes state event 1
      And publisher P publishes resource event 2
      Then subscriber A has received events 1 and 2

    Example: a handler of two topics
      Given an event bus
      And handler A of state and resource events
      When publisher P publishes state event 1
      Then subscriber A has received event 1

  @EB-04 @must @feature @machine @interleavings @load
  Rule: Events of one publisher arrive in the order published, in every subscription
    "Opened" after "closed" is another story.
    Broken by: a task per delivery

    Example: three events
      Given an event bus
      And subscribers A and B of state events
      When publisher P publishes state events 1, 2 and 3
      Then subscriber A has received events 1, 2 and 3
      And subscriber B has received events 1, 2 and 3

    Example: a handler that is busy
      Given an event bus
      And handler A of state events
      When publisher P publishes state events 1, 2 and 3
      Then handler A is busy with event 1
      And subscriber A has received events 1, 2 and 3

    Example: a subscriber of two topics
      Given an event bus
      And subscriber A of state and resource events
      When publisher P publishes resource event 1
      And publisher P publishes state event 2
      Then subscriber A has received events 1 and 2

    Example: two publishers take turns
      Given an event bus
      And subscriber A of state events
      When publisher P publishes state event 1
      And publisher Q publishes state event 2
      And publisher P publishes state event 3
      Then subscriber A has received event 1 before event 3

  @EB-05 @must @feature @machine @interleavings
  Rule: When subscribe() has returned, no event published after is missed
    Otherwise a component misses what happens while it starts, now and then.
    Broken by: subscribing inside the spawned task, as the pattern's example does

    Example: an event right after subscribing
      Given an event bus
      When subscriber A subscribes to state events, and event 1 is published as soon as that has returned
      Then subscriber A has received event 1

    Example: an event right after a handler was given
      Given an event bus
      When handler A subscribes to state events, and event 1 is published as soon as that has returned
      Then subscriber A has received event 1

  @EB-06 @must @feature @machine
  Rule: Nothing published before subscribe() is delivered, unless `replay` is claimed
    Who comes late takes old news for new.
    Broken by: the latest event kept for newcomers

    Example: a subscriber that comes late
      Given an event bus without replay
      When publisher P publishes state event 1
      And subscriber A subscribes to state events
      And publisher P publishes state event 2
      Then subscriber A has received event 2

    Example: a subscriber that comes just too late
      Given an event bus without replay
      When event 1 is published, and subscriber A subscribes to state events as soon as that has returned
      Then subscriber A has received nothing

  @EB-07 @must @feature @machine @interleavings @load
  Rule: A slow or failing subscriber neither delays nor loses the events of another beyond the declared overflow policy
    A bus that waits for its slowest subscriber makes all of them depend on it.
    Broken by: awaiting handlers one by one

    Example: a subscriber that does not read
      Given an event bus that keeps 2 events for each subscriber and drops the oldest
      And subscribers A and B of state events
      When publisher P publishes state event 1
      Then subscriber B has received event 1
      When publisher P publishes state events 2 and 3
      Then subscriber B has received events 1, 2 and 3

    Example: a subscriber that does not read, with room for more
      Given an event bus
      And subscribers A and B of state events
      When publisher P publishes state events 1 and 2
      Then event 2 is published
      And subscriber B has received events 1 and 2

    Example: a handler that is busy
      Given an event bus
      And handlers A and B of state events
      When publisher P publishes state event 1
      Then handler B is busy with event 1
      And event 1 is published

    Example: a handler that stays busy
      Given an event bus
      And handlers A and B of state events
      When publisher P publishes state events 1 and 2
      Then subscriber B has received events 1 and 2

    Example: a handler that publishes
      Given an event bus
      And handler A of state events
      When publisher P publishes state event 1
      And handler A publishes state event 2
      Then event 2 is published
      And subscriber A has received events 1 and 2

    Example: a handler that fails
      Given an event bus
      And handlers A and B of state events
      When publisher P publishes state event 1
      And handler A fails
      Then subscriber B has received event 1

  @EB-08 @must @feature @machine
  Rule: Publishing with no subscriber succeeds
    A publisher does not know who listens, and need not.
    Broken by: an error for what nobody takes

    Example: nobody listens
      Given an event bus
      When publisher P publishes state event 1
      Then event 1 is published

    Example: nobody listens any more
      Given an event bus
      And subscriber A of state events
      When subscriber A unsubscribes
      And publisher P publishes state event 1
      Then event 1 is published

  @EB-09 @must @feature @machine @interleavings @load
  Rule: After unsubscribe() or leaving the scope nothing more arrives, and the bus holds no reference or buffer for it
    Subscribers come and go all day; what is left of each adds up.
    Broken by: leak of dead receivers

    Example: a subscriber that unsubscribes
      Given an event bus
      And subscriber A of state events
      When subscriber A unsubscribes
      And publisher P publishes state event 1
      Then subscriber A has received nothing

    Example: a handler that unsubscribes
      Given an event bus
      And handler A of state events
      When subscriber A unsubscribes
      And publisher P publishes state event 1
      Then subscriber A has received nothing

    Example: an event right after unsubscribing
      Given an event bus
      And handler A of state events
      When subscriber A unsubscribes, and event 1 is published as soon as that has returned
      Then subscriber A has received nothing

    Example: a scope that is left
      Given an event bus
      And subscriber A of state events
      When subscriber A leaves its scope
      And publisher P publishes state event 1
      Then subscriber A has received nothing

    Example: who is gone holds nobody up
      Given an event bus that keeps 1 event for each subscriber and lets publishers wait
      And subscriber A of state events
      When subscriber A unsubscribes
      And publisher P publishes state events 1, 2 and 3
      Then event 3 is published

    Example: nothing is left of a subscriber
      Given an event bus
      And subscriber A of state events
      When publisher P publishes state event 1
      And subscriber A unsubscribes
      Then the bus holds nothing of subscriber A

    Example: nothing is left of a handler
      Given an event bus
      And handler A of state events
      When subscriber A unsubscribes
      Then the bus holds nothing of subscriber A

  @EB-10 @must @feature @machine @interleavings
  Rule: Subscribing and unsubscribing while a publish is under way neither fails nor skips another subscription
    They happen at any time, and mostly as the answer to an event.
    Broken by: mutating the list under iteration

    Example: a handler unsubscribes itself
      Given an event bus
      And handlers A and B of state events
      When publisher P publishes state event 1
      And handler A unsubscribes itself
      And publisher P publishes state event 2
      Then subscriber A has received event 1
      And subscriber B has received events 1 and 2

    Example: a handler unsubscribes another
      Given an event bus
      And handler A of state events
      And handler B of resource events
      When publisher P publishes state event 1
      And handler A unsubscribes handler B
      And publisher P publishes resource event 2
      Then subscriber B has received nothing

    Example: a handler unsubscribes another that is about to be called
      Given an event bus
      And handlers A and B of state events
      When publisher P publishes state event 1
      And handler A unsubscribes handler B
      And subscribers A and B read
      Then event 1 is published
      And subscriber A has received event 1

    Example: a handler subscribes another
      Given an event bus
      And handler A of state events
      When publisher P publishes state event 1
      And handler A subscribes handler B to state events
      And publisher P publishes state event 2
      Then subscriber A has received events 1 and 2
      And subscriber B has received event 2 last

    Example: a subscriber goes as an event is published
      Given an event bus
      And subscribers A, B and C of state events
      When publisher P publishes state event 1 at the moment at which subscriber A unsubscribes
      Then event 1 is published
      And subscriber B has received event 1
      And subscriber C has received event 1

    Example: a subscriber goes for which a publisher waits
      Given an event bus that keeps 1 event for each subscriber and lets publishers wait
      And subscribers A, B and C of state events
      When publisher P publishes state events 1 and 2
      And subscriber A unsubscribes
      And subscribers B and C read
      Then subscriber B has received events 1 and 2
      And subscriber C has received events 1 and 2

    Example: a subscriber comes as an event is published
      Given an event bus
      And subscribers A and B of state events
      When publisher P publishes state event 1 at the moment at which subscriber C subscribes to state events
      Then event 1 is published
      And subscriber A has received event 1
      And subscriber B has received event 1

  @EB-11 @must @feature @interleavings
  Rule: A receive that is cancelled loses no event: the next receive gets it
    Receiving with a timeout is how most subscribers read.
    Broken by: an event that was handed over already

    Example: the event comes after the cancellation
      Given an event bus
      And subscriber A of state events
      And subscriber A is waiting
      When the receive of subscriber A is cancelled
      And publisher P publishes state event 1
      Then subscriber A has received event 1

    Example: the event comes at the moment of the cancellation
      Given an event bus
      And subscriber A of state events
      And subscriber A is waiting
      When publisher P publishes state event 1 at the moment at which the receive of subscriber A is cancelled
      Then subscriber A has received event 1

  @EB-12 @should @feature @machine
  Rule: What the bus delivers cannot be changed by one subscriber for another
    Subscribers that know nothing of each other cannot agree not to touch what they share.
    Broken by: one mutable dict shared

    Example: a subscriber tries
      Given an event bus
      And subscribers A and B of state events
      When publisher P publishes state event 1
      And subscriber A reads
      And subscriber A tries to change what it got
      Then subscriber B has received event 1

  @EB-13 @must @feature @machine @interleavings @load
  Rule: Buffers are bounded, and overflow follows the declared policy (block, drop_oldest, drop_newest, disconnect); each dropped event is counted and signalled to the subscription, never silent
    Memory is bounded whether or not the bus knows it, and who misses something must be able to fetch it otherwise.
    Broken by: unbounded queue; silent drop

    Example: the publisher waits for room
      Given an event bus that keeps 1 event for each subscriber and lets publishers wait
      And subscriber A of state events
      When publisher P publishes state events 1, 2, 3 and 4
      Then event 4 is not published yet
      And subscriber A has received events 1, 2, 3 and 4

    Example: a publisher gives up waiting
      Given an event bus that keeps 1 event for each subscriber and lets publishers wait
      And subscriber A of state events
      When publisher P publishes state events 1 and 2
      And publisher P gives up
      And publisher Q publishes state event 3
      Then subscriber A has received event 3 last
      And event 3 is published

    Example: the oldest is dropped
      Given an event bus that keeps 2 events for each subscriber and drops the oldest
      And subscriber A of state events
      When publisher P publishes state events 1, 2, 3, 4 and 5
      Then subscriber A counts the events that it misses
      And subscriber A has received event 5 last

    Example: the newest is dropped
      Given an event bus that keeps 2 events for each subscriber and drops the newest
      And subscriber A of state events
      When publisher P publishes state events 1, 2, 3, 4 and 5
      Then subscriber A counts the events that it misses
      And subscriber A has not received event 5

    Example: the subscriber is disconnected
      Given an event bus that keeps 1 event for each subscriber and disconnects who is full
      And subscriber A of state events
      When publisher P publishes state events 1, 2 and 3
      Then subscriber A is told that events were dropped

    Example: whoever reads in time misses nothing
      Given an event bus that keeps 1 event for each subscriber and drops the oldest
      And subscriber A of state events
      When publisher P publishes state event 1
      Then subscriber A has received event 1
      When publisher P publishes state event 2
      Then subscriber A has received events 1 and 2

  @EB-14 @must @feature @machine @interleavings
  Rule: close() lets subscriptions drain what was accepted, then ends them; publishing after it is a typed error
    An orderly end loses nothing that was promised, and does end.
    Broken by: hang at shutdown

    Example: what was accepted is drained
      Given an event bus
      And subscriber A of state events
      When publisher P publishes state events 1 and 2
      And the bus is closed
      Then subscriber A has received events 1 and 2
      And subscriber A is told that its subscription has ended

    Example: a subscriber that waits is told
      Given an event bus
      And subscriber A of state events
      And subscriber A is waiting
      When the bus is closed
      Then subscriber A is told that its subscription has ended

    Example: a handler is called to the last
      Given an event bus
      And handler A of state events
      When publisher P publishes state events 1 and 2
      And the bus is closed
      Then subscriber A has received events 1 and 2
      And closing the bus is over

    Example: publishing comes too late
      Given an event bus
      When the bus is closed
      And publisher P publishes state event 1
      Then event 1 is refused, as the bus is closed

  @EB-15 @must @feature @machine
  Rule: A failing handler's error is reported, and later events still reach that handler
    A subscriber that died in silence is missed last by those who run it.
    Broken by: the handler's task dies in silence

    Example: the error is reported
      Given an event bus that reports the errors of handlers
      And handler A of state events
      When publisher P publishes state event 1
      And handler A fails
      Then the error of handler A is reported

    Example: the next event
      Given an event bus
      And handler A of state events
      When publisher P publishes state event 1
      And handler A fails
      And publisher P publishes state event 2
      Then subscriber A has received events 1 and 2

    Example: the next event, where what the handler waits for was cancelled
      Given an event bus
      And handler A of state events
      When publisher P publishes state event 1
      And what handler A waits for is cancelled
      And publisher P publishes state event 2
      Then subscriber A has received events 1 and 2

  @EB-16 @should @feature @machine
  Rule: Events survive the wire: encode, then decode gives an equal event, for any payload that the type admits
    What a subscriber acts on is what the publisher said, to the last digit.
    Broken by: integers that become floats; text in a narrow encoding; empty values that are left out

    Example: whatever is published arrives as it was
      Given an event bus
      Then whatever data an event has, its subscribers get an equal one

    Example: whatever is encoded is decoded as it was
      Given an event bus with a wire format
      Then whatever data an event has, encoding and decoding it gives an equal one

  @EB-17 @should @machine @interleavings
  Rule: All subscriptions of one process see two events of different publishers in one order
    Two views of one story should not disagree about what came first.
    Broken by: each subscription fed by a task of its own

  @EB-18 @may @claim-distributed @feature @load
  Rule: `distributed`: publishers and subscribers in different processes, over a broker; EB-01 to EB-07 hold, a broker restart is survived
    A bus that spans processes is there for what one process cannot do; and brokers are restarted.
    Broken by: a connection that is made once; a subscription that the broker has forgotten

    Example: another process publishes
      Given an event bus over a broker
      And subscribers A and B of state events
      When another process publishes state events 1, 2 and 3
      Then subscriber A has received events 1, 2 and 3
      And subscriber B has received events 1, 2 and 3

    Example: another process subscribes
      Given an event bus over a broker
      And subscriber A of state events
      And subscriber B of state events in another process
      When publisher P publishes state events 1 and 2
      Then subscriber A has received events 1 and 2
      And subscriber B has received events 1 and 2

    Example: topics are the same everywhere
      Given an event bus over a broker
      And subscriber A of state and resource events
      And subscriber B of resource events in another process
      When another process publishes state event 1
      And another process publishes resource event 2
      Then subscriber A has received events 1 and 2
      And subscriber B has received event 2

    Example: another process subscribes, and this one publishes at once
      Given an event bus over a broker
      When subscriber A subscribes to state events in another process, and event 1 is published here as soon as that has returned
      Then subscriber A has received event 1

    Example: another process publishes, and this one subscribes at once
      Given an event bus over a broker, without replay
      When event 1 is published in another process, and subscriber A subscribes to state events here as soon as that has returned
      And another process publishes state event 2
      Then subscriber A has received event 2

    Example: a subscriber in another process does not read
      Given an event bus over a broker that keeps 2 events for each subscriber and drops the oldest
      And subscriber A of state events in another process
      And subscriber B of state events
      When publisher P publishes state event 1
      Then subscriber B has received event 1
      When publisher P publishes state events 2 and 3
      Then subscriber B has received events 1, 2 and 3

    Example: the broker is restarted
      Given an event bus over a broker
      And subscriber A of state events
      When publisher P publishes state event 1
      And the broker is restarted
      And publisher P publishes state event 2
      Then subscriber A has received events 1 and 2

    Example: the broker is restarted, and another process publishes
      Given an event bus over a broker
      And subscriber A of state events
      When another process publishes state event 1
      And the broker is restarted
      And another process publishes state events 2 and 3
      Then subscriber A has received events 1, 2 and 3

    Example: the broker is restarted, and another process listens
      Given an event bus over a broker
      And subscriber A of state events in another process
      When the broker is restarted
      And publisher P publishes state events 1 and 2
      Then subscriber A has received events 1 and 2

    Example: what is published while the broker is away
      Given an event bus over a broker
      And subscriber A of state events in another process
      When publisher P publishes state event 1
      And the broker is stopped
      And publisher P publishes state event 2
      And the broker is started again
      Then subscriber A has received every event that was published

  @EB-19 @may @claim-durable @feature @load
  Rule: `durable`: a subscription that went away gets what it missed, at least once, with ids for deduplication
    Whoever was away for a while still has to know; and can tell what it knows already.
    Broken by: a position that is kept by the subscriber alone; acknowledging before it is read

    Example: a subscriber comes back
      Given an event bus over a broker
      And durable subscriber A of state events
      When subscriber A goes away
      And publisher P publishes state events 1 and 2
      And subscriber A comes back
      Then subscriber A has at least once received events 1 and 2
      And each event that subscriber A received has an id of its own

    Example: a subscriber comes back elsewhere
      Given an event bus over a broker
      And durable subscriber A of state events
      When publisher P publishes state event 1
      And subscriber A reads and acknowledges
      And subscriber A goes away
      And publisher P publishes state event 2
      And subscriber A comes back in another process
      Then subscriber A has at least once received events 1 and 2

    Example: the process of a subscriber is killed
      Given an event bus over a broker
      And durable subscriber A of state events in another process
      When the other process is killed
      And publisher P publishes state events 1 and 2
      And subscriber A comes back
      Then subscriber A has at least once received events 1 and 2

    Example: what was not acknowledged comes again
      Given an event bus over a broker
      And durable subscriber A of state events
      When publisher P publishes state event 1
      And subscriber A reads without acknowledging
      And subscriber A goes away
      And subscriber A comes back
      Then subscriber A has twice received event 1, with one id

    Example: two events that say the same
      Given an event bus over a broker
      And durable subscriber A of state events
      When publisher P publishes state event 1
      And publisher P publishes state event 1 once more
      Then subscriber A has received event 1 under two ids

    Example: the broker is restarted meanwhile
      Given an event bus over a broker
      And durable subscriber A of state events
      When subscriber A goes away
      And publisher P publishes state event 1
      And the broker is restarted
      And subscriber A comes back
      Then subscriber A has at least once received event 1

    Example: the broker is restarted before an event is acknowledged
      Given an event bus over a broker
      And durable subscriber A of state events
      When publisher P publishes state event 1
      And subscriber A reads without acknowledging
      And the broker is restarted
      And subscriber A goes away
      And subscriber A comes back
      Then subscriber A has twice received event 1, with one id
