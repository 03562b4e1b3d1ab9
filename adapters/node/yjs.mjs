// yjs as replicas and a centre: documents with one map, whose updates go over the kit's network.

import { Refused, Unsupported, serve } from './harness.mjs'
import * as Y from 'yjs'

const CENTRE = 'server'

/** A document with one map. */
class Document {
  #doc = new Y.Doc()
  #map = this.#doc.getMap('state')
  #changed = new Set()

  constructor () {
    this.#map.observe(({ keysChanged }) => { for (const key of keysChanged) this.#changed.add(key) })
  }

  set (key, value) { this.#map.set(key, value) }
  remove (key) { this.#map.delete(key) }
  contents () { return this.#map.toJSON() }
  known () { return Y.encodeStateVector(this.#doc) }
  updateFor (known) { return Y.encodeStateAsUpdate(this.#doc, known) }

  /** Take in an update; the keys that it says something about, though what it says may have lost. */
  apply (update) {
    this.#changed.clear()
    Y.applyUpdate(this.#doc, update)
    return [...this.#changed]
  }
}

const text = bytes => Buffer.from(bytes).toString('base64')
const packed = (...parts) => Buffer.from(JSON.stringify(parts.map(text)))
const unpacked = message => JSON.parse(message).map(part => new Uint8Array(Buffer.from(part, 'base64')))

/** Yjs has no transport: each sync is one exchange, and what it did is read off the documents. */
function replica (name, network) {
  const here = new Document()
  const common = new Document() // as of the last sync
  const changed = new Map() // by key, the number of the last write
  let serverKnows = new Document().known()
  let writes = 0
  const note = key => changed.set(key, ++writes)
  return {
    last_sync: 0,
    write: (key, value) => { here.set(key, value); note(key) },
    delete: key => { if (key in here.contents()) { here.remove(key); note(key) } },
    read: key => here.contents()[key],
    snapshot: () => here.contents(),
    close: () => {},
    async sync () {
      const sent = new Map(changed)
      const own = here.updateFor(serverKnows)
      const reply = await network.call(name, CENTRE, packed(here.known(), own))
      const [known, update] = unpacked(reply)
      serverKnows = known
      const pulled = new Set([...common.apply(update), ...here.apply(update)])
      common.apply(own)
      for (const [key, count] of sent) if (changed.get(key) === count) changed.delete(key)
      this.last_sync++
      const conflicts = [...sent.keys()].filter(key => pulled.has(key))
      const alone = keys => [...keys].filter(key => !conflicts.includes(key))
      return { pushed: alone(sent.keys()), pulled: alone(pulled), merged: [], conflicts }
    }
  }
}

function system (network, settings) {
  for (const name of ['sync_interval', 'retries', 'merge']) if (settings[name]) throw new Unsupported(name)
  const server = new Document()
  const names = new Set([CENTRE])
  network.register(CENTRE, async (_, request) => {
    const [known, update] = unpacked(request)
    const lacking = server.updateFor(known) // before: a deletion in the request would come back as one of others
    server.apply(update)
    return packed(server.known(), lacking)
  })
  return {
    central: () => server.contents(),
    replica: name => {
      if (names.has(name)) throw new Refused({ outcome: 'taken' })
      names.add(name)
      return replica(name, network)
    }
  }
}

serve({ name: 'yjs', packages: ['yjs'], state_sync: system })
