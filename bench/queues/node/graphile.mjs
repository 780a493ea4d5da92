// graphile-worker in its fastest setting: 24 jobs at once, 500 taken ahead, completed in batches.

import { makeWorkerUtils, run, runMigrations } from 'graphile-worker'

const TASK = 'noop'
const connectionString = process.env.BENCH_ADDRESS

export class Peer {
  constructor (marks) {
    this.marks = marks
  }

  async prepare () {
    await runMigrations({ connectionString })
  }

  async open () {
    this.utils = await makeWorkerUtils({ connectionString })
  }

  async enqueueOne (number) {
    await this.utils.addJob(TASK, { number })
  }

  async enqueueMany (numbers) {
    await this.utils.addJobs(numbers.map((number) => ({ identifier: TASK, payload: { number } })))
  }

  async enqueuedAll () {
    await this.utils.withPgClient((client) => client.query('ANALYZE graphile_worker._private_jobs'))
  }

  async unsettled () {
    const text = 'SELECT count(*)::int AS jobs FROM graphile_worker._private_jobs'
    return this.utils.withPgClient(async (client) => (await client.query(text)).rows[0].jobs)
  }

  async close () {
    await this.utils?.release()
  }

  async work () {
    const worker = { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
    await run({
      connectionString,
      noHandleSignals: true,
      preset: { worker },
      taskList: { [TASK]: async ({ number }) => this.marks.started(number) }
    })
  }
}
