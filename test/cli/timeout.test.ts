import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { TestImage } from '../support/images.ts'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waybill } from '../support/cli.ts'
import { seedFake } from '../support/project.ts'
import { versions, world } from '../support/world.ts'

async function stalling(kind: 'manifest' | 'blob') {
  const w = await world()
  const [image] = (await versions(1)) as [TestImage]
  for (const tag of ['1', '2']) seedFake(w.source, 'acme/app', tag, image)
  w.source.inject(({ route }) => (route.kind === kind ? { kind: 'stall' } : undefined))
  const text = `version: 1
images:
  - { from: ${w.source.host}/acme/app, tags: ['1', '2'], to: local/app }
`
  await writeFile(join(w.folder, 'images.yaml'), text)
  return w
}

describe('--timeout', () => {
  it('ends a look that never would, and what was not seen is unknown', async () => {
    await using w = await stalling('manifest')
    const run = await waybill(['plan', '--timeout', '1s'], { cwd: w.folder })
    expect(run).toMatchObject({ code: 1, signal: null })
    expect(run.stdout).toContain('the run took longer than --timeout 1s')
    expect(run.stdout).toContain('1 unknown')
  })

  it('ends a transfer that never would, and leaves nothing half-written', async () => {
    await using w = await stalling('blob')
    const run = await waybill(['reconcile', '--timeout', '1s', '--output', 'json'], {
      cwd: w.folder,
    })
    expect(run).toMatchObject({ code: 3, signal: null })
    const report = JSON.parse(run.stdout)
    expect(report).toMatchObject({ complete: false, exitCode: 3 })
    for (const step of report.steps) {
      expect(step.result).toBe('blocked')
      expect(step.error.message).toContain('--timeout 1s')
    }
    const left = await readdir(join(w.folder, '.waybill'), { recursive: true })
    expect(left.filter(name => name.endsWith('.tmp') || name.endsWith('.run'))).toEqual([])
  })

  it.each(['0s', '5', 'soon', '-1m', '25d'])('cannot be "%s"', async text => {
    await using w = await stalling('manifest')
    const run = await waybill(['plan', `--timeout=${text}`], { cwd: w.folder })
    expect(run.code).toBe(64)
    expect(run.stderr).toContain(`--timeout cannot be "${text}"`)
  })
})

describe('pulls that are left', () => {
  it('are told, and in the report', async () => {
    await using w = await world()
    const [image] = (await versions(1)) as [TestImage]
    seedFake(w.source, 'acme/app', '1', image)
    const set = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' }
    w.source.inject(({ route }) =>
      route.kind === 'manifest' ? { kind: 'headers', set } : undefined,
    )
    const text = `version: 1\nimages: [{ from: '${w.source.host}/acme/app:1', to: local/app }]\n`
    await writeFile(join(w.folder, 'images.yaml'), text)
    const run = await waybill(['reconcile', '--output', 'json'], { cwd: w.folder })
    expect(run.stderr).toContain(`${w.source.host}: 76 pulls left`)
    expect(JSON.parse(run.stdout).hosts).toMatchObject([{ host: w.source.host, pullsLeft: 76 }])
    const again = await waybill(['plan', '--quiet'], { cwd: w.folder })
    expect(again.stderr).toBe('')
  })
})
