// A small application with the parts that the page exporter works with: a producer that sends with pg-boss, the API
// that keeps the state of each export, and the page that is rendered.
//
// DATABASE_URL names PostgreSQL, PORT the port (0 takes a free one). Writes `ready PORT` when it can be used.

import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { PgBoss } from 'pg-boss'

const QUEUE = 'export-map'
const jobs = new Map()
const calls = []

const page = await readFile(new URL('page.html', import.meta.url))
const boss = new PgBoss(process.env.DATABASE_URL)
boss.on('error', (error) => console.error(error))
await boss.start()
await boss.createQueue(QUEUE)

async function send({ title, subtitle, people, ...printed }) {
  const printJobId = randomUUID()
  jobs.set(printJobId, { id: printJobId, state: 'pending_export', export_file_path: null, export_error: null })
  const data = {
    printJobId,
    printableMapId: randomUUID(),
    userMapData: { title, subtitle, people },
    printableMapData: printed,
  }
  const options = { retryLimit: 3, retryDelay: 60, retryBackoff: true, expireInSeconds: 3600 }
  return { printJobId, queueJobId: await boss.send(QUEUE, data, options) }
}

// Each step may be told again with the same words; anything else that does not fit is an error.
const steps = {
  start(job) {
    if (job.state === 'exporting') return
    if (job.state !== 'pending_export') throw new Error(`Cannot start export from state ${job.state}`)
    job.state = 'exporting'
  },
  complete(job, { filePath }) {
    if (job.state === 'export_complete' && job.export_file_path === filePath) return
    if (job.state !== 'exporting') throw new Error(`Cannot complete export from state ${job.state}`)
    Object.assign(job, { state: 'export_complete', export_file_path: filePath })
  },
  fail(job, { error }) {
    if (job.state !== 'exporting') throw new Error(`Cannot fail export from state ${job.state}`)
    Object.assign(job, { state: 'export_failed', export_error: error })
  },
}

function take(step, id, body) {
  const job = jobs.get(id)
  if (!job) throw new Error(`Print job ${id} not found`)
  steps[step](job, body ? JSON.parse(body) : {})
  return { success: true, job }
}

async function answer(request, path, body) {
  const [, id, step] = path.match(/^\/api\/jobs\/([^/]+)(?:\/(start|complete|fail))?$/) ?? []
  if (request.method === 'POST' && path === '/api/export') return [202, await send(JSON.parse(body))]
  if (request.method === 'GET' && path === '/api/calls') return [200, calls]
  if (request.method === 'GET' && path.startsWith('/api/queue/')) {
    return [200, await boss.getJobById(QUEUE, path.slice('/api/queue/'.length))]
  }
  if (request.method === 'GET' && id && !step) return jobs.has(id) ? [200, jobs.get(id)] : [404, { error: 'Job not found' }]
  if (request.method !== 'POST' || !step) return [404, { error: 'Not found' }]
  calls.push({ method: request.method, path, type: request.headers['content-type'], body })
  try {
    return [200, take(step, id, body)]
  } catch (error) {
    return [400, { success: false, error: error.message }]
  }
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  if (pathname === '/render') return response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page)
  let body = ''
  for await (const piece of request) body += piece
  const [status, content] = await answer(request, pathname, body)
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(content))
})

async function stop() {
  server.closeAllConnections()
  server.close()
  await boss.stop({ graceful: false })
  process.exit(0)
}

process.on('SIGTERM', stop)
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`ready ${server.address().port}`))
