// Makes the tables of pg-boss in a database, as an application does at its first start.

import { makeBoss } from './boss.mjs'

const boss = await makeBoss(JSON.parse(process.argv[2] ?? '{}'))
await boss.start()
await boss.stop({ graceful: false })
process.exit(0) // older releases leave a timer behind
