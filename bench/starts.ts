/** The cases that ask no registry: how long it takes to start, and to read a long manifest. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Setting } from './copies.ts'
import { measure } from './measure.ts'
import type { Command } from './peers/peer.ts'

const ENTRIES = 7_000
/** These take a moment each, so more rounds cost nothing and part the medians better. */
const ROUNDS_EACH = 5

export async function runVersion(setting: Setting): Promise<void> {
  await interleave('version', setting, {
    waybill: { program: process.execPath, args: [join(setting.root, 'dist/bin.js'), '--version'] },
    'node -e 0': { program: process.execPath, args: ['-e', '0'] },
  })
}

export async function runValidate(setting: Setting): Promise<void> {
  const file = join(setting.directory, 'long.yaml')
  await writeFile(file, longManifest())
  const bin = join(setting.root, 'dist/bin.js')
  await interleave('validate', setting, {
    waybill: { program: process.execPath, args: [bin, 'validate', '-f', file] },
  })
}

async function interleave(
  name: string,
  { directory, rounds, peers, signal, onRound, note }: Setting,
  commands: Readonly<Record<string, Command>>,
): Promise<void> {
  if (!peers.some(peer => peer.name === 'waybill')) return
  note(name)
  for (let round = 1; round <= rounds * ROUNDS_EACH; round++) {
    for (const [runner, command] of Object.entries(commands)) {
      const home = await mkdtemp(join(directory, 'start-'))
      const cost = await measure(command, home, signal)
      onRound({ case: name, way: 'direct', runner, round, ...cost, missing: 0 })
    }
  }
}

function longManifest(): string {
  const lines = Array.from({ length: ENTRIES }, (_, index) =>
    [
      `  - from: registry.example.com/team-${index % 70}/service-${index}`,
      `    tags: ['1.${index % 40}.0', '1.${index % 40}.1']`,
      `    to: mirror.example.com/team-${index % 70}/service-${index}`,
    ].join('\n'),
  )
  return `version: 1\nimages:\n${lines.join('\n')}\n`
}
