// tarn as a connection pool.

import { Refused, Unsupported, serve } from './harness.mjs'
import { Pool, TimeoutError } from 'tarn'

const NEVER = 2 ** 31 - 1 // milliseconds; more than a timer of node takes

function pool (connect, settings) {
  if (settings.max_lifetime != null) throw new Unsupported('max_lifetime')
  if (settings.min_size) throw new Unsupported('min_size') // it keeps that many, and makes none in advance
  const made = new Pool({
    create: connect,
    destroy: connection => connection.close(),
    validate: connection => connection.alive,
    max: settings.max_size,
    min: 0,
    propagateCreateError: true,
    acquireTimeoutMillis: settings.acquire_timeout == null ? NEVER : settings.acquire_timeout * 1000,
    createTimeoutMillis: NEVER,
    createRetryIntervalMillis: 1,
    idleTimeoutMillis: settings.max_idle == null ? NEVER : settings.max_idle * 1000
  })
  return {
    acquire: async () => {
      try {
        return await made.acquire().promise
      } catch (error) {
        if (error instanceof TimeoutError) throw new Refused({ outcome: 'timed_out' })
        throw error.message === 'aborted' ? new Refused({ outcome: 'closed' }) : error
      }
    },
    release: connection => { made.release(connection) },
    close: async () => made.destroy(),
    statistics: () => ({
      size: made.numUsed() + made.numFree() + made.numPendingCreates(),
      idle: made.numFree(),
      in_use: made.numUsed(),
      waiting: made.numPendingAcquires()
    })
  }
}

serve({ name: 'tarn', packages: ['tarn'], connection_pool: pool })
