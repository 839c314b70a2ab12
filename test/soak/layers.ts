/** A layer of a context that is larger than any memory it may take, and a base of many files. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openFolder } from '../support/project.ts'
import { peakProbe, readPeakMiB } from './peak.ts'

export interface LayersInit {
  /** The project's own folder. */
  readonly root: string
  readonly note: (text: string) => void
}

export interface LayersResult {
  readonly contextMiB: number
  readonly files: number
}

const CONTEXT_MIB = 2048
const BASE_FILES = 200_000
const MOST_MIB = 400
const MIB = 1024 * 1024

const run = promisify(execFile)

export async function runLayers({ root, note }: LayersInit): Promise<LayersResult> {
  await using folder = await openFolder()
  await using scratch = await openFolder()
  // a file of which the system stores nothing is read like any other
  const file = await open(join(folder.path, 'large'), 'w')
  await file.truncate(CONTEXT_MIB * MIB)
  await file.close()
  const work = async (...args: readonly string[]): Promise<void> => {
    const peak = join(scratch.path, 'peak')
    const child = join(root, 'test/soak/layers-child.ts')
    const { stdout } = await run(
      process.execPath,
      [join(root, 'scripts/run-ts.mjs'), child, ...args],
      { env: { ...process.env, ...peakProbe(peak) } },
    )
    const mib = await readPeakMiB(peak)
    note(`${stdout.trim()}, with ${Math.round(mib)} MiB at most`)
    assert.ok(mib < MOST_MIB, `${Math.round(mib)} MiB at most, where ${MOST_MIB} are enough`)
  }
  await work('context', folder.path, scratch.path)
  await work('base', String(BASE_FILES))
  assert.deepEqual(await readdir(scratch.path), ['peak'])
  return { contextMiB: CONTEXT_MIB, files: BASE_FILES }
}
