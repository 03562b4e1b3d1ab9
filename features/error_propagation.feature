Feature: Error propagation
  A component stands on a dependency, and often on other components. When something goes wrong below, its caller gets an error
  that says what went wrong in terms of the component: a kind that a program can act on, a sentence for people, and the context in
  which it happened. What caused it stays reachable for whoever looks for the fault, and stays inside for everybody else.

  In the examples a request is made for one resource or several, and the component calls its dependency for each. Layers are
  components that stand on one another, outermost first; the last one calls the dependency.

  @EP-01 @must @feature @machine
  Rule: A dependency's failure reaches the caller as dependency_error with the original as its cause
    A caller that is told which part of the system failed need not know the errors of everything below.
    Broken by: `from None`, str(e) only

    Example: the dependency fails
      Given a component
      When a request is made
      And the dependency behind it fails
      Then the request raises dependency_error
      And its error comes from the error of the dependency

    Example: the dependency is unavailable
      Given a component
      When a request is made
      And the dependency behind it is unavailable for a while
      Then the request raises dependency_error
      And its error comes from the error of the dependency

    Example: the failure passes several layers
      Given a component that has the layers gateway, orders and warehouse
      When a request is made
      And the dependency behind it fails
      Then the request raises dependency_error
      And its error comes from the error of the dependency

  @EP-02 @must @feature @machine
  Rule: An error names the component, the operation and the resource that it concerns
    Without these somebody has to find out by looking through logs at night.

    Example: a failure of the dependency
      Given a component
      When a request is made
      And the dependency behind it fails
      Then its error names the component, the operation and the resource

    Example: a result that is not valid
      Given a component
      When a request is made
      And the dependency behind it gives a result that is not valid
      Then its error names the component, the operation and the resource

    Example: an error of a type that nobody knows
      Given a component
      When a request is made
      And the dependency behind it raises an error of a type that nobody knows
      Then its error names the component, the operation and the resource

    Example: one of two resources fails
      Given a component that asks for 2 resources at once
      When a request is made for alpha and beta
      And the dependency behind it succeeds for alpha
      And the dependency behind it fails for beta
      Then its error names the component, the operation and the resource

  @EP-03 @must @feature @machine
  Rule: Each kind has a stable code for machines and a sentence for people; callers tell kinds apart without reading the sentence
    Sentences are reworded and translated; whoever compares them breaks with the next release.

    Example: the codes of all kinds
      Given a component
      When errors of every kind are made twice
      Then each kind has one code, and no other kind has the same

    Example: <how> has a sentence
      Given a component
      When a request is made
      And the dependency behind it <how>
      Then its error has a sentence for people

      Examples:
        | how                                            |
        | fails                                          |
        | says that the resource is not found            |
        | denies permission                              |
        | says that the operation has failed             |
        | raises an error of a type that nobody knows    |
        | gives a result that is not valid               |

  @EP-04 @must @feature @machine
  Rule: A result that fails validation is operation_failed with the reason
    A wrong result that is passed on shows up somewhere else, where nobody can tell any more where it came from.

    Example: a result that is not valid
      Given a component
      When a request is made
      And the dependency behind it gives a result that is not valid
      Then the request raises operation_failed
      And its error says why the result is not valid

    Example: a result that is valid
      Given a component
      When a request is made
      And the dependency behind it succeeds
      Then the request returns the result

    Example: a result that is not valid, below several layers
      Given a component that has the layers gateway and orders
      When a request is made
      And the dependency behind it gives a result that is not valid
      Then the request raises operation_failed
      And its error says why the result is not valid

  @EP-05 @must @feature @machine
  Rule: An error of no known kind is unexpected, with its cause; none is swallowed or turned into a success
    What nobody thought of has to be seen, and not to be guessed at.
    Broken by: `except Exception: pass`

    Example: the validation itself fails
      Given a component
      When a request is made
      And the dependency behind it gives a result over which the validation itself fails
      Then the request raises unexpected
      And its error comes from the error of the dependency

    Example: the dependency raises an error of a type that nobody knows
      Given a component
      When a request is made
      And the dependency behind it raises an error of a type that nobody knows
      Then the request raises unexpected or dependency_error
      And its error comes from the error of the dependency

    Example: the dependency raises a group of its failures
      Given a component
      When a request is made
      And the dependency behind it raises a group of its failures
      Then the request raises unexpected, dependency_error or operation_failed
      And its error comes from the error of the dependency

    Example: a problem document of an unknown code
      Given a component whose errors cross a process boundary
      When a problem document of an unknown code comes in
      Then an error comes of it

  @EP-06 @must @feature @interleavings
  Rule: Cancellation, KeyboardInterrupt and SystemExit pass through unwrapped
    They are no errors: whoever asked for an end waits for it.
    Broken by: except BaseException

    Example: the request is cancelled
      Given a component
      When a request is made
      And the request is cancelled
      Then the request ends as cancelled

    Example: the request is cancelled below several layers
      Given a component that has the layers gateway, orders and warehouse
      When a request is made
      And the request is cancelled
      Then the request ends as cancelled

    Example: somebody presses Ctrl-C
      Given a component
      When a request is made
      And the dependency behind it raises KeyboardInterrupt
      Then the request ends with KeyboardInterrupt

    Example: the process is told to end
      Given a component
      When a request is made
      And the dependency behind it raises SystemExit
      Then the request ends with SystemExit

  @EP-07 @must @feature @machine
  Rule: Through n layers the chain holds each layer's context once, outermost first, and the root cause can be reached
    The chain is the way that the error went; a step that is there twice, or not at all, leads astray.
    Broken by: wrapping the same error twice

    Example: one layer
      Given a component
      When a request is made
      And the dependency behind it fails
      Then its error holds the context of each layer once, outermost first

    Example: three layers
      Given a component that has the layers gateway, orders and warehouse
      When a request is made
      And the dependency behind it fails
      Then its error holds the context of each layer once, outermost first
      And its error comes from the error of the dependency

    Example: three layers, and an error of a known kind at the root
      Given a component that has the layers gateway, orders and warehouse
      When a request is made
      And the dependency behind it says that the resource is not found
      Then its error holds the context of each layer once, outermost first
      And its error comes from the error of the dependency

  @EP-08 @must @feature @machine
  Rule: A known kind raised deep down keeps its kind on the way up: not found stays not found
    A caller can do something about what is not found, and nothing about a dependency that failed.
    Broken by: everything becomes dependency_error

    Example: <how>, below one layer
      Given a component
      When a request is made
      And the dependency behind it <how>
      Then the request raises <kind>

      Examples:
        | how                                 | kind               |
        | says that the resource is not found | resource_not_found |
        | denies permission                   | permission_denied  |
        | says that the operation has failed  | operation_failed   |

    Example: <how>, below three layers
      Given a component that has the layers gateway, orders and warehouse
      When a request is made
      And the dependency behind it <how>
      Then the request raises <kind>

      Examples:
        | how                                 | kind               |
        | says that the resource is not found | resource_not_found |
        | denies permission                   | permission_denied  |
        | says that the operation has failed  | operation_failed   |

  @EP-09 @must @feature @machine
  Rule: Over a process boundary (problem details, RFC 9457) code, sentence, context and chain of codes survive the round trip
    The caller in the other process has to decide just as one in this process.

    Example: <how>
      Given a component whose errors cross a process boundary
      When a request is made
      And the dependency behind it <how>
      Then its error survives the way over a process boundary and back

      Examples:
        | how                                            |
        | fails                                          |
        | says that the resource is not found            |
        | denies permission                              |
        | raises an error of a type that nobody knows    |
        | gives a result that is not valid               |

    Example: an error that has passed three layers
      Given a component whose errors cross a process boundary, and that has the layers gateway, orders and warehouse
      When a request is made
      And the dependency behind it says that the resource is not found
      Then its error survives the way over a process boundary and back

    Example: the problem documents of a service
      Given a service
      When it is asked for all that its description allows and forbids
      Then its problem documents are well formed

  @EP-10 @must @feature @machine @load
  Rule: What crosses the boundary holds no traceback, secret, file path or internal address
    Whoever attacks a system begins by reading its errors.

    Example: <how>
      Given a component whose errors cross a process boundary
      When a request is made
      And the dependency behind it <how>
      Then nothing of the inside crosses with its error

      Examples:
        | how                                            |
        | fails                                          |
        | says that the resource is not found            |
        | raises an error of a type that nobody knows    |
        | gives a result that is not valid               |
        | raises a group of its failures                 |

    Example: an error that has passed three layers
      Given a component whose errors cross a process boundary, and that has the layers gateway, orders and warehouse
      When a request is made
      And the dependency behind it fails
      Then nothing of the inside crosses with its error

    Example: the errors of a service
      Given a service
      When it is asked for all that its description allows and forbids
      Then nothing of the inside is in the errors that it answers

  @EP-11 @must @feature @interleavings
  Rule: Concurrent failures are all reported, none shadowing another
    Whoever puts right the one that is told meets the other the next day.
    Broken by: only the first of a gather

    Example: both fail, one after the other
      Given a component that asks for 2 resources at once
      When a request is made for alpha and beta
      And the dependency behind it fails for alpha
      And the dependency behind it is unavailable for a while for beta
      Then no error of the dependency is lost

    Example: both fail at the same moment
      Given a component that asks for 2 resources at once
      When a request is made for alpha and beta
      And the dependency behind it fails for alpha and beta at the same moment
      Then no error of the dependency is lost

    Example: below two layers
      Given a component that asks for 2 resources at once, and that has the layers gateway and orders
      When a request is made for alpha and beta
      And the dependency behind it fails for alpha and beta at the same moment
      Then no error of the dependency is lost

  @EP-12 @must @feature @machine
  Rule: Every code has a defined HTTP status, and bad input never gives a 5xx
    Clients, proxies and dashboards go by the status: whose fault it is, and whether to try again.

    Example: <how>
      Given a component whose errors cross a process boundary
      When a request is made
      And the dependency behind it <how>
      Then its error has an HTTP status that fits its kind

      Examples:
        | how                                                      |
        | fails                                                    |
        | says that the resource is not found                      |
        | denies permission                                        |
        | says that the operation has failed                       |
        | raises an error of a type that nobody knows              |
        | gives a result over which the validation itself fails    |
        | gives a result that is not valid                         |

    Example: bad requests to a service
      Given a service
      When it is asked for all that its description allows and forbids
      Then no bad request is answered with a 5xx

  @EP-13 @should @feature @machine
  Rule: An error says whether a retry can help
    Retrying what cannot succeed makes a bad day worse; not retrying what could makes one.

    Example: the dependency is unavailable for a while
      Given a component
      When a request is made
      And the dependency behind it is unavailable for a while
      Then its error says that a retry can help

    Example: the dependency fails for good
      Given a component
      When a request is made
      And the dependency behind it fails
      Then its error says that a retry cannot help

    Example: through three layers
      Given a component that has the layers gateway, orders and warehouse
      When a request is made
      And the dependency behind it is unavailable for a while
      Then its error says that a retry can help

  @EP-14 @should @feature @interleavings
  Rule: An error raised while cleaning up does not hide the first one
    The second error follows from the first, and says nothing of why.

    Example: cleaning up fails after the resource was not found
      Given a component that cleans up, which fails
      When a request is made
      And the dependency behind it says that the resource is not found
      Then the request raises resource_not_found
      And its error comes from the error of the dependency

    Example: cleaning up fails after a failure of the dependency
      Given a component that cleans up, which fails
      When a request is made
      And the dependency behind it fails
      Then its error comes from the error of the dependency

    Example: nothing else goes wrong
      Given a component that cleans up
      When a request is made
      And the dependency behind it denies permission
      Then the request raises permission_denied
      And what was begun was cleaned up
