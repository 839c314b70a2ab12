/**
 * A relay that holds every byte for a while, each way, and does nothing else: a longer wire.
 *
 *     node scripts/run-ts.mjs bench/relay.ts MILLISECONDS HOST:PORT...
 *
 * Prints the address it listens on for each target, as JSON, and ends when its stdin does.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** In one direction of one connection. A wire of 10 ms at 3 GB/s holds as much. */
const MOST_HELD = 32 * 1024 * 1024

/** Timers count whole milliseconds: half of them fire this early rather than one later. */
const SLACK_MS = 0.5

interface Held {
  readonly due: number
  /** `undefined`: the sender has finished. */
  readonly chunk: Buffer | undefined
}

function delay(from: Socket, to: Socket, delayMs: number): void {
  const queue: Held[] = []
  let first = 0
  let held = 0
  let timer: NodeJS.Timeout | undefined

  function release(): void {
    timer = undefined
    const soon = performance.now() + SLACK_MS
    to.cork()
    for (let next = queue[first]; next !== undefined && next.due <= soon; next = queue[first]) {
      first++
      if (next.chunk === undefined) to.end()
      else {
        held -= next.chunk.length
        to.write(next.chunk)
      }
    }
    to.uncork()
    if (first === queue.length) queue.length = first = 0
    if (from.isPaused() && held + to.writableLength < MOST_HELD / 2) from.resume()
    arm()
  }

  function arm(): void {
    const next = queue[first]
    if (next === undefined || timer !== undefined) return
    timer = setTimeout(release, Math.max(1, next.due - performance.now()))
  }

  function hold(chunk: Buffer | undefined): void {
    queue.push({ due: performance.now() + delayMs, chunk })
    held += chunk?.length ?? 0
    if (held + to.writableLength > MOST_HELD) from.pause()
    arm()
  }

  from.on('data', hold)
  from.on('end', () => hold(undefined))
  to.on('drain', () => {
    if (from.isPaused() && held < MOST_HELD / 2) from.resume()
  })
  from.on('close', () => {
    // after an orderly end the rest is still on the wire
    if (from.readableEnded) return
    clearTimeout(timer)
    to.destroy()
  })
}

async function listen(target: string, delayMs: number): Promise<string> {
  const [host = '', port = ''] = target.split(':')
  const options = { allowHalfOpen: true, noDelay: true }
  const server = createServer(options, client => {
    const upstream = connect({ host, port: Number(port), ...options })
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
    delay(client, upstream, delayMs)
    delay(upstream, client, delayMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const [delayMs, ...targets] = process.argv.slice(2)
const hosts = await Promise.all(targets.map(target => listen(target, Number(delayMs))))
process.stdout.write(`${JSON.stringify(hosts)}\n`)
process.stdin.resume().once('end', () => process.exit(0))
