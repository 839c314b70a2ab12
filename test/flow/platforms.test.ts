import type { CopyStep } from '../../src/plan/types.ts'
import { describe, expect, it } from 'vitest'
import { makeImage, makeIndex } from '../support/images.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { mirrorOf, options, world } from '../support/world.ts'

describe('platforms', () => {
  async function platformWorld() {
    const w = await world()
    const children = await Promise.all(
      ['amd64', 'arm64', 's390x'].map(architecture =>
        makeImage({ seed: architecture, platform: { os: 'linux', architecture } }),
      ),
    )
    const index = makeIndex(children, { attestations: true })
    seedFake(w.source, 'acme/app', '1', index)
    return { w, index, children }
  }

  it('are cut out of an index, with the attestations of what goes', async () => {
    const { w, index, children } = await platformWorld()
    await using _ = w
    const manifest = mirrorOf(w, ['1'], '    platforms: [linux/arm64, linux/amd64]\n')
    await using project = await openTestProject(w.folder, manifest)
    const plan = await project.plan()
    const [step] = plan.steps.filter(({ kind }) => kind === 'copy') as CopyStep[]
    expect(step).toMatchObject({ source: index.manifest.digest })
    expect(step?.digest).not.toBe(index.manifest.digest)
    await project.reconcile(options)
    const stored = w.target.manifest('mirror/app', '1')
    expect(stored?.digest).toBe(step?.digest)
    const cut = JSON.parse(stored!.bytes.toString()) as { manifests: { digest: string }[] }
    const digests = cut.manifests.map(({ digest }) => digest)
    expect(digests).toEqual([
      children[0]!.manifest.digest,
      children[1]!.manifest.digest,
      index.children[3]!.manifest.digest,
      index.children[4]!.manifest.digest,
    ])
    await using again = await openTestProject(w.folder, manifest)
    expect((await again.plan()).steps).toEqual([])
  })

  it('that are missing are an error that lists what there is', async () => {
    const { w } = await platformWorld()
    await using _ = w
    const manifest = mirrorOf(w, ['1'], '    platforms: [linux/riscv64]\n')
    await using project = await openTestProject(w.folder, manifest)
    const plan = await project.plan()
    expect(plan).toMatchObject({ complete: false, exitCode: 1, steps: [] })
    const [{ problem }] = plan.diagnostics as [(typeof plan.diagnostics)[number]]
    expect(problem.code).toBe('PLATFORM_MISSING')
    expect(`${problem.message} ${problem.hint}`).toMatch(/linux\/amd64.*linux\/arm64.*linux\/s390x/)
  })

  it.each([
    ['linux/amd64', 0, 1],
    ['linux/arm64', 1, 0],
  ])('of a single image: %s', async (platform, errors, steps) => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', await makeImage({ seed: 'a' }))
    const manifest = mirrorOf(w, ['1'], `    platforms: [${platform}]\n`)
    await using project = await openTestProject(w.folder, manifest)
    const plan = await project.plan()
    expect([plan.diagnostics.length, plan.steps.length]).toEqual([errors, steps])
  })
})
