// The clocks of an example: virtual, and moved by the kit alone. Import this before the library, which may keep what it finds.

import { syncBuiltinESMExports } from 'node:module'
import timersModule from 'node:timers'

const real = { setImmediate, Date }
const TURNS = 4 // of node's loop, after each of which whatever is ready has run
const MOST_ROUNDS = 1000 // of timers without delay, before what makes them counts as spinning
const START = 1_900_000_000_000 // milliseconds; the wall clock of every example begins here

let now = 0
let wall = 0 // what the wall clock is ahead of the other
let timers = []
let count = 0

function add (callback, milliseconds, args, repeats) {
  const delay = Math.max(1, Number(milliseconds) || 0)
  const timer = { callback, args, delay, repeats, due: now + delay, order: count++ }
  timer.ref = timer.unref = () => timer
  timer.refresh = () => { timer.due = now + delay; return timer }
  timers.push(timer)
  return timer
}

function remove (timer) {
  timers = timers.filter(each => each !== timer)
}

class VirtualDate extends real.Date {
  constructor (...args) {
    super(...(args.length ? args : [VirtualDate.now()]))
  }

  static now () {
    return START + now + wall
  }
}

const virtual = {
  setTimeout: (callback, delay, ...args) => add(callback, delay, args, false),
  setInterval: (callback, delay, ...args) => add(callback, delay, args, true),
  clearTimeout: remove,
  clearInterval: remove
}
Object.assign(globalThis, virtual)
Object.assign(timersModule, virtual)
syncBuiltinESMExports()
globalThis.Date = VirtualDate
globalThis.performance.now = () => now
process.hrtime.bigint = () => BigInt(Math.round(now * 1e6))

/** Go on until nothing can move by itself; a timer of no delay, which node makes one of 1 ms, is how code yields. */
export async function settle () {
  for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
    for (let turn = 0; turn < TURNS; turn++) await new Promise(resolve => real.setImmediate(resolve))
    const next = earliest(timer => timer.delay <= 1 && timer.due <= now + 1)
    if (!next) return
    fire(next)
  }
}

function earliest (wanted) {
  return timers.filter(wanted).sort((one, other) => one.due - other.due || one.order - other.order)[0]
}

function fire (timer) {
  now = Math.max(now, timer.due)
  if (timer.repeats) timer.due = now + timer.delay
  else remove(timer)
  try {
    timer.callback(...timer.args)
  } catch {} // what a timer raises reaches nobody who could judge it
}

/** Let seconds pass, timers firing in order, until it is enough after one of them; the seconds that are left. */
export async function pass (seconds, enough) {
  const end = now + seconds * 1000
  for (let next; (next = earliest(timer => timer.due <= end));) {
    fire(next)
    await settle()
    if (enough()) return Math.max(0, end - now) / 1000
  }
  now = Math.max(now, end)
  return 0
}

/** Set the wall clock forward or back, and nothing else. */
export function moveWallClock (seconds) {
  wall += seconds * 1000
}

/** Begin a new example: no timers are left. */
export function reset () {
  now = wall = 0
  timers = []
}
