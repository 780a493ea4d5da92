// A Node application that works on the same pg-boss queue as the dispatchers, by both ways that pg-boss offers.
//
// Its journal gets a line when a handler is called, when it ends, and when pg-boss has answered how it was settled.
// What it completes has the name of its run as the output, so the job's row tells whose completion was accepted.

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeBoss } from '../interop/node/boss.mjs'

const NOBODY_THERE = 75
const { journal, ready, queue, options, expireInSeconds } = JSON.parse(process.argv[2])
let [runs, stopping] = [0, false]

const note = (line) => appendFileSync(journal, `${JSON.stringify(line)}\n`)
const micros = () => Math.round((performance.timeOrigin + performance.now()) * 1000)

async function run(job, managed = false) {
  const began = micros()
  const about = {
    run: `${process.pid}.${++runs}`,
    job: job.id,
    pid: process.pid,
    managed, // pg-boss itself settles it
    attempt: job.retryCount + 1,
    // A Date keeps milliseconds only; it was within this one, and before now.
    claimed: Math.min(new Date(job.startedOn).getTime() * 1000 + 999, began),
  }
  const args = JSON.parse(job.data.millhand.args)
  note({ ...about, at: began, begins: true })
  await sleep(args.milliseconds / 2)
  const fails = args.number % 9 === 4 && job.retryCount === 0
  note({ ...about, at: micros(), begins: false, how: fails ? 'failed' : 'returned' })
  return { about, fails }
}

async function byHand() {
  while (!stopping) {
    const jobs = await boss.fetch(queue, { batchSize: 2, includeMetadata: true }).catch(() => [])
    await Promise.all((jobs ?? []).map(runAndSettle))
    await sleep(100) // it is to compete, not to win
  }
}

async function runAndSettle(job) {
  const { about, fails } = await run(job)
  try {
    const answer = fails
      ? await boss.fail(queue, job.id, new Error('not today'))
      : await boss.complete(queue, job.id, { node: about.run })
    note({ ...about, at: micros(), settled: answer.affected === 1 })
  } catch (error) {
    console.error(`settling ${job.id}: ${error.message}`)
  }
}

async function byWorker() {
  await boss.work(queue, { batchSize: 1, includeMetadata: true, pollingIntervalSeconds: 0.5 }, async ([job]) => {
    const { about, fails } = await run(job, true)
    if (fails) throw new Error('not today')
    return { node: about.run }
  })
}

// The worker of pg-boss 10 catches no outage while it completes a job: an application dies of that, and starts again.
process.on('unhandledRejection', (error) => {
  console.error(`uncaught: ${error.message}`)
  process.exit(NOBODY_THERE)
})

const boss = await makeBoss(options)
try {
  await boss.start()
  await boss.createQueue(queue, { expireInSeconds })
  await byWorker()
} catch (error) {
  console.error(`starting: ${error.message}`)
  process.exit(NOBODY_THERE)
}
const working = byHand()
mkdirSync(ready, { recursive: true })
writeFileSync(`${ready}/${process.pid}`, '')

process.once('SIGTERM', async () => {
  stopping = true
  await working
  await boss.stop({ graceful: true, wait: true, timeout: 5000 }).catch((error) => console.error(error.message))
  process.exit(0)
})
