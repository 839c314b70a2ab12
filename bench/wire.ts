/** How runners reach the registries: directly, or through the relay. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

export const WAYS = ['direct', '20 ms'] as const
export type Way = (typeof WAYS)[number]

/** Each way; there and back it is what the column is named after. */
const DELAY_MS = 10

export interface Wire extends AsyncDisposable {
  readonly source: string
  readonly destinations: readonly string[]
}

/** The relay is a process of its own, so that it takes no time from the benchmark's. */
export async function openWire(
  way: Way,
  root: string,
  source: string,
  destinations: readonly string[],
): Promise<Wire> {
  if (way === 'direct') {
    return { source, destinations, [Symbol.asyncDispose]: async () => undefined }
  }
  const args = [join(root, 'scripts/run-ts.mjs'), join(root, 'bench/relay.ts')]
  const child = spawn(process.execPath, [...args, String(DELAY_MS), source, ...destinations], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = once(child, 'exit')
  const [line]: string[] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error('the relay ended'))),
  ])
  const [first = '', ...rest]: string[] = JSON.parse(line ?? '[]')
  return {
    source: first,
    destinations: rest,
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await exited
    },
  }
}
