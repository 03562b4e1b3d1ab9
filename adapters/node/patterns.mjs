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

export const begin = { circuit_breaker: circuitBreaker, connection_pool: connectionPool }
