// eventemitter3 as an event bus: handlers only, called by whoever publishes; it does not wait for them.

import { Unsupported, serve } from './harness.mjs'
import EventEmitter from 'eventemitter3'

function bus (settings) {
  if ((settings.overflow ?? 'block') !== 'block') throw new Unsupported('overflow')
  if (settings.max_bytes != null) throw new Unsupported('max_bytes')
  const emitter = new EventEmitter()
  return {
    publish: async event => { emitter.emit(event.topic, event) },
    handle: async (topics, handler) => {
      for (const topic of topics) emitter.on(topic, handler)
      return { dropped: 0, unsubscribe: async () => topics.forEach(topic => emitter.off(topic, handler)) }
    }
  }
}

serve({ name: 'eventemitter3', packages: ['eventemitter3'], event_bus: bus })
