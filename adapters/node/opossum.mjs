// opossum as a circuit breaker. It opens by the share of failures: of consecutive ones only the first can open it.

import { Refused, Unsupported, serve } from './harness.mjs'
import CircuitBreaker from 'opossum'

function breaker (settings) {
  for (const [name, only] of Object.entries({ half_open_max_calls: 1, success_threshold: 1, failure_rate: null })) {
    if ((settings[name] ?? only) !== only) throw new Unsupported(name)
  }
  if (settings.failure_threshold !== 1) throw new Unsupported('failure_threshold')
  const circuit = new CircuitBreaker(operation => operation(), {
    timeout: false,
    errorThresholdPercentage: 0,
    resetTimeout: settings.reset_timeout * 1000,
    errorFilter: error => settings.ignored_errors?.includes(error.kind)
  })
  const state = () => circuit.opened ? 'open' : circuit.halfOpen ? 'half_open' : 'closed'
  return {
    get state () { return state() },
    call: async operation => {
      try {
        return await circuit.fire(operation)
      } catch (error) {
        throw CircuitBreaker.isOurError(error) ? new Refused({ outcome: 'rejected' }) : error
      }
    },
    add_listener: listener => {
      let before = state()
      const hear = () => { const old = before; before = state(); listener(old, before) }
      for (const event of ['open', 'close', 'halfOpen']) circuit.on(event, hear)
    },
    trip: () => circuit.open(),
    reset: () => circuit.close()
  }
}

serve({ name: 'opossum', packages: ['opossum'], claims: ['manual_control'], circuit_breaker: breaker })
