// cockatiel as a circuit breaker.

import { Refused, Unsupported, serve } from './harness.mjs'
import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, CountBreaker, circuitBreaker, handleWhen } from 'cockatiel'

const WORDS = { [CircuitState.Closed]: 'closed', [CircuitState.Open]: 'open', [CircuitState.HalfOpen]: 'half_open' }

function breaker (settings) {
  for (const [name, only] of Object.entries({ half_open_max_calls: 1, success_threshold: 1, window_seconds: null })) {
    if ((settings[name] ?? only) !== only) throw new Unsupported(name)
  }
  const policy = circuitBreaker(handleWhen(error => !settings.ignored_errors?.includes(error.kind)), {
    halfOpenAfter: settings.reset_timeout * 1000,
    breaker: settings.failure_rate
      ? new CountBreaker({ threshold: settings.failure_rate, size: settings.window, minimumNumberOfCalls: settings.minimum_calls })
      : new ConsecutiveBreaker(settings.failure_threshold)
  })
  return {
    get state () { return WORDS[policy.state] },
    call: async operation => {
      try {
        return await policy.execute(() => operation())
      } catch (error) {
        throw error instanceof BrokenCircuitError ? new Refused({ outcome: 'rejected' }) : error
      }
    },
    add_listener: listener => {
      let before = WORDS[policy.state]
      policy.onStateChange(state => { const old = before; before = WORDS[state]; listener(old, before) })
    }
  }
}

serve({ name: 'cockatiel', packages: ['cockatiel'], claims: ['sliding_window'], circuit_breaker: breaker })
