// The patterns: how the messages of each become calls of an implementation.

import { Fault } from './harness.mjs'

/** A connection of the kit's. */
class Connection {
  alive = true

  constructor (id, example) {
    this.request = example.function(id, 'request')
    this.reset = example.function(id, 'reset')
    this.end = example.function(id, 'close')
  }

  close () {
    this.alive = false
    return this.end()
  }
}

const circuitBreaker = {
  members: ['add_listener', 'trip', 'reset'],
  make: (factory, { settings = {} }) => factory(settings),
  call: (breaker, { function: id }, example) => Promise.resolve(breaker.call(example.function(id))),
  state: breaker => breaker.state,
  add_listener: (breaker, { listener, fails }, example) => {
    breaker.add_listener((before, after) => {
      example.tell(listener, before, after)
      if (fails) throw new Error('a listener that fails')
    })
  },
  trip: breaker => { breaker.trip() },
  reset: breaker => { breaker.reset() }
}

const connectionPool = {
  members: ['statistics'],
  make: (factory, { settings = {}, connect }, example) => {
    const made = example.function(connect)
    return factory(async () => {
      const { connection } = await made()
      example.connections.set(connection, new Connection(connection, example))
      return example.connections.get(connection)
    }, settings)
  },
  acquire: async (pool, { call }, example) => {
    example.handles.set(call, await pool.acquire())
  },
  request: async (_, { handle, payload }, example) => held(example, handle).request(payload),
  release: async (pool, { handle, error }, example) => {
    await pool.release(held(example, handle), error && example.error(error))
    return false
  },
  break: (_, { connection }, example) => {
    if (!example.connections.has(connection)) throw new Fault(404, 'unknown', `there is no connection '${connection}'`)
    example.connections.get(connection).alive = false
  },
  close: async pool => pool.close(),
  statistics: pool => pool.statistics()
}

function held (example, handle) {
  if (!example.handles.has(handle)) throw new Fault(404, 'unknown', `no call '${handle}' has acquired anything`)
  return example.handles.get(handle)
}

/** An event, as the bus gets it: what the kit has sent, in an object. */
const published = ({ topic, body }) => Object.freeze({ topic, body })
const scope = { scope: false }

const eventBus = {
  members: ['subscribe', 'handle', 'add_error_listener', 'close'],
  make: (factory, { settings = {} }) => factory(settings),
  publish: async (bus, { event }) => { await bus.publish(published(event)) },
  subscribe: async (bus, { call, topics }, example) => {
    example.handles.set(call, await bus.subscribe(topics))
    return scope
  },
  handle: async (bus, { call, topics, handler }, example) => {
    example.handles.set(call, await bus.handle(topics, example.function(handler)))
    return scope
  },
  receive: async (_, { subscription }, example) => held(example, subscription).receive(),
  dropped: (_, { subscription }, example) => held(example, subscription).dropped,
  unsubscribe: async (_, { subscription }, example) => { await held(example, subscription).unsubscribe() },
  add_error_listener: (bus, { listener }, example) => {
    bus.add_error_listener(error => example.tell(listener, example.raised(error)))
  },
  close: async bus => { await bus.close() }
}

export const begin = { circuit_breaker: circuitBreaker, connection_pool: connectionPool, event_bus: eventBus }
