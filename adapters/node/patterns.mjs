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

const base64 = bytes => Buffer.from(bytes).toString('base64')
const bytes = text => Buffer.from(text, 'base64')

/** What either text holds, without what either has removed since the base. */
function union (base, ...sides) {
  const [before, ours, theirs] = [base, ...sides].map(side => side?.split('+') ?? [])
  const kept = word => !before.includes(word) || (ours.includes(word) && theirs.includes(word))
  return [...new Set([...ours, ...theirs])].filter(kept).sort().join('+') || null
}

const stateSync = {
  members: [],
  make: (factory, { network, settings = {}, merges, chance = 0.5 }, example) => {
    const made = { inboxes: new Map(), chance }
    const call = example.function(network, 'call')
    const merge = settings.merge && ((...sides) => {
      if (merges) example.tell(merges, ...sides.map(side => side ?? null))
      return union(...sides)
    })
    const between = {
      register: (name, receive) => { made.inboxes.set(name, receive); example.tell(network, name) },
      call: async (sender, receiver, request) => bytes(await call(sender, receiver, base64(request)))
    }
    return Object.assign(made, factory(between, { ...settings, merge, random: () => made.chance }))
  },
  receive: async ({ inboxes }, { receiver, sender, request }) => {
    if (!inboxes.has(receiver)) throw new Error(`nobody is registered as '${receiver}'`)
    return base64(await inboxes.get(receiver)(sender, bytes(request)))
  },
  chance: (made, { value }) => { made.chance = value },
  replica: (made, { call, name }, example) => { example.handles.set(call, made.replica(name)) },
  write: async (_, { replica, key, value }, example) => { await held(example, replica).write(key, value) },
  delete: async (_, { replica, key }, example) => { await held(example, replica).delete(key) },
  read: async (_, { replica, key }, example) => held(example, replica).read(key),
  snapshot: async (_, { replica }, example) => held(example, replica).snapshot(),
  sync: async (_, { replica }, example) => held(example, replica).sync(),
  last_sync: (_, { replica }, example) => held(example, replica).last_sync,
  close: async (_, { replica }, example) => { await held(example, replica).close() },
  central: async made => made.central()
}

export const begin = {
  circuit_breaker: circuitBreaker,
  connection_pool: connectionPool,
  event_bus: eventBus,
  state_sync: stateSync
}
