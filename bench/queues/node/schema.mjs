// Makes the tables of pg-boss with one queue in the database BENCH_ADDRESS, and ends.

import { PgBoss } from 'pg-boss'

const boss = new PgBoss({ connectionString: process.env.BENCH_ADDRESS, supervise: false, schedule: false })
await boss.start()
await boss.createQueue('noop')
await boss.stop({ graceful: false })
