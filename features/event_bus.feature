Feature: Event bus

  @EB-01 @must @feature @machine @interleavings @load
  Rule: An event reaches every subscription of its topic, once each
    Why.

    Example: x
      Given nothing
