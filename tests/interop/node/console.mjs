// A pg-boss client that is told what to do on standard input, and tells what came of it on standard output: JSON lines.
//
// {"id": 1, "call": "send", "args": [...]} calls a method of the client; the answer is {"id": 1, "result": ...} or
// {"id": 1, "error": "..."}. {"id": 2, "call": "work", "args": [queue, options]} takes jobs; each is told as
// {"event": "took", ...} and {"event": "done", ...}. What a job's data says under `node` decides what becomes of it:
// `sleep` milliseconds, then `fail` with a message, else the `result`.

import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeBoss } from './boss.mjs'

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

async function handle(job) {
  const { sleep: milliseconds = 0, fail, result } = job.data?.node ?? {}
  tell({ event: 'took', id: job.id, queue: job.name, data: job.data })
  await sleep(milliseconds)
  if (fail) throw new Error(fail)
  tell({ event: 'done', id: job.id })
  return result
}

const boss = await makeBoss(JSON.parse(process.argv[2] ?? '{}'))
await boss.start()
tell({ event: 'started' })

const special = {
  work: (queue, options = {}) => boss.work(queue, options, async ([job]) => handle(job)),
  sql: async (text, values = []) => (await boss.getDb().executeSql(text, values)).rows,
}

async function answer({ id, call, args = [] }) {
  try {
    const result = await (special[call] ?? boss[call].bind(boss))(...args)
    tell({ id, result: result ?? null })
  } catch (error) {
    tell({ id, error: String(error?.stack ?? error) })
  }
}

for await (const line of createInterface({ input: process.stdin })) answer(JSON.parse(line))

await boss.stop({ graceful: true, wait: true })
process.exit(0)
