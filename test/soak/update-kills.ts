/** Updates that are killed, -9, at random moments: the lock is the old one or the new one. */
import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startDockerRegistry } from '../live/support/registries.ts'
import { waybill, type CliResult } from '../support/cli.ts'
import { openFolder } from '../support/project.ts'
import { createCounter } from './counter.ts'
import type { KillsInit, KillsResult } from './kills.ts'
import { lockIn } from './lock-check.ts'
import { fill, makeWishes, manifestFor } from './mirrored.ts'
import { createRandom } from './random.ts'
import { startRelay } from './relay.ts'

export async function runUpdateKills({
  rounds,
  seed,
  note,
  bin,
}: KillsInit): Promise<KillsResult & { readonly written: number }> {
  const random = createRandom(seed)
  await using source = await startDockerRegistry()
  await fill(source.host, await makeWishes())
  const events = createCounter()
  await using wire = await startRelay(source.host, events.add)
  await using folder = await openFolder()
  const hosts = { source: wire.host, target: 'r.internal' }
  const write = (file: string, text: string) => writeFile(join(folder.path, file), text)
  const lockText = async () => (await lockIn(folder.path)).text

  /** An update that is killed at `moment`, if it comes to that. */
  async function update(moment?: number): Promise<CliResult> {
    const kill = new AbortController()
    const watcher = watch(folder.path, { persistent: false }, events.add)
    events.restart(moment, () => kill.abort())
    const result = await waybill(['update'], {
      cwd: folder.path,
      ...(bin !== undefined && { bin }),
      killOn: kill.signal,
    })
    watcher.close()
    assert.ok(result.signal === 'SIGKILL' || result.code === 0, result.stderr)
    return result
  }

  await write('images.yaml', manifestFor(hosts))
  await update()
  const old = await lockText()
  await write('images.yaml', manifestFor(hosts, ['late']))
  await update()
  const total = events.count()
  const next = await lockText()
  assert.notEqual(next, old)
  note(`an update has ${total} events`)

  let [kills, escaped, written] = [0, 0, 0]
  while (kills < rounds && escaped <= rounds) {
    await write('images.lock.yaml', old)
    const moment = 1 + Math.floor(((kills + random.next()) / rounds) * total)
    note(`${kills + 1} of ${rounds}: to be killed at event ${moment}`)
    const { signal } = await update(moment)
    const after = await lockText()
    assert.ok(after === old || after === next, 'the lock is the old one or the new one')
    if (signal === 'SIGKILL') {
      kills++
      if (after === next) written++
    } else escaped++
    await update()
    assert.equal(await lockText(), next)
    assert.deepEqual((await readdir(folder.path)).toSorted(), [
      '.waybill',
      'images.lock.yaml',
      'images.yaml',
    ])
  }
  assert.equal(kills, rounds, `${escaped} updates ended before they could be killed`)
  return { kills, escaped, written }
}
