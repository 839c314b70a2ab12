/** All Dockerfiles beside buildah, of which the ordinary tests build some. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MOST_BYTES = 16 * 1024 * 1024

/** How many tests there were, all of them passed. */
export async function runBuilds({ root }: { readonly root: string }): Promise<number> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const file = 'test/live/build-embedded.test.ts'
  const { stdout } = await run(process.execPath, [vitest, 'run', file, '--reporter=json'], {
    cwd: root,
    env: { ...process.env, ALL_CASES: '1' },
    maxBuffer: MOST_BYTES,
  })
  const { numPassedTests } = JSON.parse(stdout.slice(stdout.indexOf('{')))
  return Number(numPassedTests)
}
