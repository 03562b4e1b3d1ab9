// The server side of the HTTP binding, for implementations in JavaScript.
//
// serve({ name, versions, claims, circuit_breaker: (settings, kit) => breaker, connection_pool: (connect, settings, kit) => pool })

import http from 'node:http'
import { readFileSync } from 'node:fs'
import * as clock from './clock.mjs'
import { begin } from './patterns.mjs'

const VERSION = 1
const MOST_BYTES = 1_000_000

/** What a request is refused with: a problem (RFC 9457). */
export class Fault extends Error {
  constructor (status, kind, detail, more = {}) {
    super(detail)
    this.problem = { type: `/problems/${kind}`, title: kind, status, detail: String(detail), ...more }
  }
}

/** A setting or a method that the implementation does not have. */
export class Unsupported extends Error {}

/** An outcome that the pattern has a word for, such as { outcome: 'rejected', retry_after: 3 }. */
export class Refused extends Error {
  constructor (outcome) {
    super(outcome.outcome)
    this.outcome = outcome
  }
}

/** One example: what the kit has asked for, and what has happened. */
class Example {
  instances = new Map()
  calls = new Map()
  operations = new Map()
  connections = new Map()
  handles = new Map()
  errors = new Map()
  events = []

  /** The error of the kit's that has an id; the same for the same id. */
  error ({ error, kind, message }) {
    if (!this.errors.has(error)) this.errors.set(error, Object.assign(new Error(message), { id: error, kind }))
    return this.errors.get(error)
  }

  /** A function of the kit's, as the implementation is given it. */
  function (id, method = '') {
    return (...args) => new Promise((resolve, reject) => {
      const operation = `o${this.operations.size + 1}`
      this.operations.set(operation, { resolve, reject, released: false })
      this.events.push({ event: 'begun', operation, function: id, method, arguments: args })
    })
  }

  tell (listener, ...args) {
    this.events.push({ event: 'told', listener, arguments: args })
  }

  /** Follow a call to its end. */
  follow (call, result) {
    const end = outcome => {
      this.calls.set(call, { call, state: 'ended', outcome })
      this.events.push({ event: 'ended', call, outcome })
    }
    if (!(result instanceof Promise)) return end(returned(result))
    this.calls.set(call, { call, state: 'running' })
    result.then(value => end(returned(value)), error => end(this.raised(error)))
  }

  raised (error) {
    if (this.errors.get(error?.id) === error) {
      const cause = error.cause === undefined ? '' : String(error.cause)
      return { outcome: 'raised', error: error.id, kind: error.kind, message: error.message, cause }
    }
    if (error instanceof Refused) return error.outcome
    if (error instanceof Unsupported) return { outcome: 'unsupported', what: error.message }
    return { outcome: 'failed', type: error?.name ?? typeof error, message: String(error?.message ?? error) }
  }
}

const returned = value => ({ outcome: 'returned', value: value ?? null })

function known (map, id, what) {
  if (!map.has(id)) throw new Fault(404, 'unknown', `there is no ${what} '${id}'`)
  return map.get(id)
}

function unused (map, id, what) {
  if (typeof id !== 'string' || !/^[\w.-]{1,64}$/.test(id)) throw new Fault(422, 'invalid', `no id of a ${what}: ${id}`)
  if (map.has(id)) throw new Fault(409, 'taken', `there is a ${what} '${id}' already`)
}

/** Serve implementations until the process is told to stop. */
export function serve (adapter, port = Number(process.argv[2] ?? 8080)) {
  let example = new Example()

  const routes = {
    'GET /': () => ({
      binding: VERSION,
      name: adapter.name,
      patterns: Object.keys(begin).filter(pattern => adapter[pattern]),
      claims: adapter.claims ?? [],
      known_failures: adapter.known_failures ?? {},
      runtime: `node ${process.versions.node}`,
      versions: versions(adapter.packages ?? []),
      wall_clock: true,
      instances: [...example.instances.keys()]
    }),
    'POST /instances': (_, message) => {
      unused(example.instances, message.instance, 'instance')
      if (!adapter[message.pattern]) throw new Fault(422, 'unsupported', message.pattern, { setting: String(message.pattern) })
      const made = begin[message.pattern].make(adapter[message.pattern], message, example)
      example.instances.set(message.instance, { made, pattern: message.pattern })
      return { instance: message.instance, members: begin[message.pattern].members.filter(member => made[member]), events: [] }
    },
    'DELETE /instances/': instance => {
      known(example.instances, instance, 'instance')
      example.instances.delete(instance)
      if (example.instances.size) return
      example = new Example()
      clock.reset()
    },
    'POST /instances//calls': (instance, message) => {
      const { made, pattern } = known(example.instances, instance, 'instance')
      unused(example.calls, message.call, 'call')
      const [of, method] = message.method.split('.')
      if (of !== pattern) throw new Fault(422, 'method', `instance '${instance}' is a ${pattern}, seen ${message.method}`)
      let result
      try {
        result = begin[pattern][method](made, message, example)
      } catch (error) {
        if (error instanceof Fault) throw error
        result = example.raised(error)
        example.calls.set(message.call, { call: message.call, state: 'ended', outcome: result })
        example.events.push({ event: 'ended', call: message.call, outcome: result })
        return
      }
      example.follow(message.call, result)
    },
    'GET /calls/': call => known(example.calls, call, 'call'),
    'DELETE /calls/': () => { throw new Fault(409, 'no-cancelling', 'a promise cannot be cancelled') },
    'POST /operations/': (id, { outcome }) => {
      const operation = known(example.operations, id, 'operation')
      if (operation.released) throw new Fault(409, 'released', `operation '${id}' was released before`)
      operation.released = true
      if (outcome.outcome === 'returned') operation.resolve(outcome.value)
      else operation.reject(example.error(outcome))
    },
    'POST /clock': async (_, { seconds = 0, wall_clock: wall = 0, turns = 0 }) => {
      if (turns) throw new Fault(409, 'no-turns', 'turns cannot be counted between requests')
      const left = await clock.pass(seconds, () => example.events.some(({ event }) => event === 'begun'))
      if (wall) clock.moveWallClock(wall)
      return { ...(left && { left }), events: [] }
    }
  }

  async function answer (request) {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost')
    const [, first, id = '', ...rest] = pathname.split('/')
    const route = routes[`${request.method} ${['', first, ...(id ? [''] : []), ...rest].join('/')}`]
    if (!route) throw new Fault(404, 'unknown', `${request.method} ${pathname}: no such endpoint`)
    const body = await read(request)
    const result = await route(id, body)
    if (searchParams.get('settle') === 'true') await clock.settle()
    if (result && !result.events) return result
    return { ...result, events: example.events.splice(0) }
  }

  const server = http.createServer(async (request, response) => {
    try {
      const made = request.method === 'POST' && request.url.startsWith('/instances')
      send(response, made ? 201 : 200, await answer(request))
    } catch (error) {
      const { problem } = fault(error)
      send(response, problem.status, problem, 'application/problem+json')
    }
  })
  server.keepAliveTimeout = 0
  server.listen(port, '127.0.0.1', () => console.log(`serving ${adapter.name} at http://127.0.0.1:${server.address().port}`))
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
  process.on('unhandledRejection', () => {}) // what nobody waits for is nobody's outcome
}

function fault (error) {
  if (error instanceof Fault) return error
  if (error instanceof Unsupported) return new Fault(422, 'unsupported', error.message, { setting: error.message })
  return new Fault(422, 'invalid', `${error.name}: ${error.message}`) // of a message that does not fit
}

async function read (request) {
  const parts = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > MOST_BYTES) throw new Fault(413, 'too-large', `a body of more than ${MOST_BYTES} bytes`)
    parts.push(part)
  }
  if (!size) return {}
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)))
  } catch (error) {
    throw new Fault(400, 'malformed', error.message)
  }
}

function send (response, status, body, type = 'application/json') {
  const data = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': data.length }).end(data)
}

function versions (packages) {
  const version = name => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version
  return Object.fromEntries(packages.map(name => [name, version(name)]))
}
