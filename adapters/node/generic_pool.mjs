// generic-pool as a connection pool. What it calls validate is asked before a connection is lent.

import { Refused, Unsupported, serve } from './harness.mjs'
import { createPool } from 'generic-pool'

const EVICTION = 1 // seconds between two looks for what was idle too long

function pool (connect, settings) {
  if (settings.max_lifetime != null) throw new Unsupported('max_lifetime')
  const idle = settings.max_idle == null ? {} : { idleTimeoutMillis: settings.max_idle * 1000, evictionRunIntervalMillis: EVICTION * 1000 }
  const made = createPool({
    create: connect,
    destroy: connection => connection.close(),
    validate: async connection => connection.alive
  }, {
    max: settings.max_size,
    min: settings.min_size,
    testOnBorrow: true,
    acquireTimeoutMillis: settings.acquire_timeout == null ? undefined : settings.acquire_timeout * 1000,
    ...idle
  })
  return {
    acquire: async () => {
      try {
        return await made.acquire()
      } catch (error) {
        if (error.name === 'TimeoutError') throw new Refused({ outcome: 'timed_out' })
        throw /draining|cannot accept/.test(error.message) ? new Refused({ outcome: 'closed' }) : error
      }
    },
    release: connection => connection.alive ? made.release(connection) : made.destroy(connection),
    close: async () => { await made.drain(); await made.clear() },
    statistics: () => ({ size: made.size, idle: made.available, in_use: made.borrowed, waiting: made.pending })
  }
}

serve({ name: 'generic-pool', packages: ['generic-pool'], claims: ['min_size'], connection_pool: pool })
