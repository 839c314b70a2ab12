/**
 * Programs of a few lines under the names of others, on a PATH of their own: for what the real ones
 * do not do when they are asked to.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'

export interface FakePrograms extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  /** The arguments of each run, in order. */
  runs(): Promise<readonly (readonly string[])[]>
}

/**
 * By name, what each does: `argv` are its arguments, and `find` gives the first one after a flag,
 * or after `--flag=`.
 */
export async function makeFakePrograms(
  programs: Readonly<Record<string, string>>,
): Promise<FakePrograms> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-fakes-'))
  const log = join(folder, 'runs.log')
  for (const [name, code] of Object.entries(programs)) {
    const text = `#!${execPath}
const fs = require('node:fs')
const argv = process.argv.slice(2)
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify([${JSON.stringify(name)}, ...argv]) + '\\n')
const find = flag => argv.find(one => one.startsWith(flag + '='))?.slice(flag.length + 1) ?? argv[argv.indexOf(flag) + 1]
${code}
`
    await writeFile(join(folder, name), text, { mode: 0o755 })
  }
  return {
    env: { PATH: folder },
    async runs() {
      const text = await readFile(log, 'utf8')
      return text
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as string[])
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
