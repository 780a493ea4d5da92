// pg-boss: one process works; BENCH_BATCH is how many jobs it takes at once, BENCH_EAGER lets it fetch on without a pause.

import { PgBoss } from 'pg-boss'

const QUEUE = 'noop'

export class Peer {
  constructor (marks) {
    this.marks = marks
    const worker = process.argv.includes('work')
    this.boss = new PgBoss({
      connectionString: process.env.BENCH_ADDRESS,
      supervise: worker,
      schedule: false,
      migrate: process.argv.includes('prepare'),
      useListenNotify: worker
    })
    this.boss.on('error', (error) => console.error(error))
  }

  async prepare () {
    await this.boss.start()
    await this.boss.createQueue(QUEUE, { notify: true })
  }

  async open () {
    await this.boss.start()
  }

  async enqueueOne (number) {
    await this.boss.send(QUEUE, { number })
  }

  async enqueueMany (numbers) {
    await this.boss.insert(QUEUE, numbers.map((number) => ({ data: { number } })))
  }

  async enqueuedAll () {
    await this.boss.getDb().executeSql('ANALYZE pgboss.job')
  }

  async unsettled () {
    const { rows } = await this.boss.getDb().executeSql(
      "SELECT count(*)::int AS jobs FROM pgboss.job WHERE name = $1 AND state < 'completed'", [QUEUE])
    return rows[0].jobs
  }

  async close () {
    await this.boss.stop({ graceful: false })
  }

  async work () {
    await this.boss.start()
    const options = {
      batchSize: Number(process.env.BENCH_BATCH),
      pollingIntervalSeconds: 0.5,
      burstWhenBatchFull: true
    }
    await this.boss.work(QUEUE, options, async (jobs) => {
      for (const job of jobs) this.marks.started(job.data.number)
    })
  }
}
