// Moments of jobs, in the file that bench/queues/marks.py describes. Node can't map a file: a write costs 2 µs here.

import { openSync, readSync, writeSync } from 'node:fs'

const SIZE = 32 // sent, started (doubles), process, runs (integers of 64 bits)

// Node reads the same monotonic clock as Python does.
export const now = () => Number(process.hrtime.bigint()) / 1e9

export class Marks {
  constructor () {
    this.file = openSync(process.env.BENCH_MARKS, 'r+')
    this.runs = new Map()
  }

  sent (number) {
    const moment = Buffer.alloc(8)
    moment.writeDoubleLE(now())
    writeSync(this.file, moment, 0, 8, number * SIZE)
  }

  started (number) {
    const runs = (this.runs.get(number) ?? 0) + 1
    this.runs.set(number, runs)
    const mark = Buffer.alloc(24)
    mark.writeDoubleLE(now(), 0)
    mark.writeBigInt64LE(BigInt(process.pid), 8)
    mark.writeBigInt64LE(BigInt(runs), 16)
    writeSync(this.file, mark, 0, 24, number * SIZE + 8)
  }

  firstNotStarted (number, count) {
    const marks = this.#read(number, count)
    while (number < count && marks.readDoubleLE(number * SIZE + 8) > 0) number++
    return number
  }

  anyStarted (count) {
    const marks = this.#read(0, count)
    for (let number = 0; number < count; number++) if (marks.readDoubleLE(number * SIZE + 8) > 0) return true
    return false
  }

  // The whole file, freshly read from `from` on.
  #read (from, count) {
    this.buffer ??= Buffer.alloc(count * SIZE)
    readSync(this.file, this.buffer, from * SIZE, (count - from) * SIZE, from * SIZE)
    return this.buffer
  }
}
