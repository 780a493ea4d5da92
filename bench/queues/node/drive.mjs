// Drives a Node queue as bench/queues/drive.py drives a Python one: `node drive.mjs PEER ACTION --count n …`.

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { Marks, now } from './marks.mjs'

const BATCH = 1000
const OFTEN = 5
const SELDOM = 50

const number = (name, fallback) => [name, { type: 'string', default: String(fallback) }]
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries([
    number('first', 0), number('count', 0), number('per-second', 20), number('executors', 1), number('seconds', 60),
    number('patience', 60)
  ])
})
const [peerName, action] = positionals
const option = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]))
const { Peer } = await import(`./${peerName}.mjs`)
const marks = new Marks()

const actions = {
  async one (peer) {
    await peer.enqueueOne(option.first) // opens what opens at first use
    const began = now()
    for (let n = option.first + 1; n < option.first + option.count; n++) await peer.enqueueOne(n)
    return { rate: (option.count - 1) / (now() - began) }
  },

  async many (peer) {
    await peer.enqueueOne(option.first)
    const numbers = Array.from({ length: option.count - 1 }, (_, index) => option.first + 1 + index)
    const began = now()
    for (let start = 0; start < numbers.length; start += BATCH) {
      await peer.enqueueMany(numbers.slice(start, start + BATCH))
    }
    const rate = numbers.length / (now() - began)
    await peer.enqueuedAll()
    return { rate }
  },

  async pace (peer) {
    const began = now()
    for (let turn = 0; turn < option.count; turn++) {
      await sleep(Math.max(0, 1000 * (began + turn / option['per-second'] - now())))
      marks.sent(option.first + turn)
      await peer.enqueueOne(option.first + turn)
    }
    return {}
  },

  async watch (peer) {
    const patience = now() + option.patience
    while (!marks.anyStarted(option.count) && now() < patience) await sleep(SELDOM)
    const cut = now() + option.seconds
    for (let n = 0; (n = marks.firstNotStarted(n, option.count)) < option.count;) {
      if (now() > cut) return { end: now() }
      await sleep(OFTEN)
    }
    while (await peer.unsettled() > 0 && now() < cut) await sleep(OFTEN)
    return { end: now() }
  }
}

const peer = new Peer(marks)
if (action === 'work') {
  await peer.work(option.executors)
} else {
  if (action === 'prepare') await peer.prepare()
  else await peer.open()
  console.log(JSON.stringify(action === 'prepare' ? {} : await actions[action](peer)))
  await peer.close()
  process.exit(0)
}
