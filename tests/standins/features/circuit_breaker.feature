Feature: A small stand-in for the features of the kit

  @CB-01 @must @feature @machine
  Rule: The operation runs exactly once
    A caller counts on it.
    Broken by: running it twice

    Example: one call
      Given a breaker
      Then it holds

    Scenario Outline: several calls
      Given a breaker
      When <count> calls are made
      Then it holds

      Examples:
        | count |
        | 2     |
        | 3     |

  @CB-02 @must @feature @interleavings
  Rule: An error comes back as it is
    A caller handles it by its type.

    Example: one error
      Given a breaker
      Then it holds

  @CB-03 @must @feature @machine
  Rule: A success resets the count
    Failures long ago say nothing.

    Example: a success
      Given a breaker with 2 as its threshold
      Then it holds

  @CB-16 @should @feature
  Rule: The error says how long to wait
    Callers need not guess.
    Broken by: no hint at all

    Example: a hint
      Given a breaker
      Then it holds

  @CB-20 @should @load
  Rule: Rejecting is cheap
    An open circuit relieves everybody.

  @CB-22 @may @claim-manual_control @feature
  Rule: trip() and reset() move the state at once
    Operators step in.

    Example: tripping
      Given a breaker
      Then it holds
