// emittery as an event bus: handlers that run side by side and that publishing waits for, and asynchronous iterators.

import { Refused, Unsupported, serve } from './harness.mjs'
import Emittery from 'emittery'

function bus (settings) {
  if ((settings.overflow ?? 'block') !== 'block') throw new Unsupported('overflow')
  if (settings.max_bytes != null) throw new Unsupported('max_bytes')
  const emitter = new Emittery()
  return {
    publish: event => emitter.emit(event.topic, event),
    subscribe: async topics => {
      const events = emitter.events(topics)
      return {
        dropped: 0,
        receive: async () => {
          const { done, value } = await events.next()
          if (done) throw new Refused({ outcome: 'closed' })
          return value
        },
        unsubscribe: async () => { await events.return() }
      }
    },
    handle: async (topics, handler) => {
      const off = emitter.on(topics, handler)
      return { dropped: 0, unsubscribe: async () => off() }
    }
  }
}

serve({ name: 'emittery', packages: ['emittery'], event_bus: bus })
