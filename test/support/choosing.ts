/** Whole runs of one image whose tags are chosen. */
import type { Plan, Report } from '../../src/plan/types.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { makeImage, type TestImage } from './images.ts'
import { openTestProject, seedFake } from './project.ts'
import { base, options, world, type World } from './world.ts'

export const imageOf = (tag: string): Promise<TestImage> => makeImage({ seed: tag, layers: [base] })

/** A world whose source has these tags, each with an image of its own. */
export async function having(
  tags: string,
  ...registries: readonly FakeRegistryOptions[]
): Promise<World> {
  const w = await world(...registries)
  for (const tag of tags.split(' ')) seedFake(w.source, 'acme/app', tag, await imageOf(tag))
  return w
}

export const manifest = ({ source, target }: World, image: string) =>
  `version: 1\nimages:\n  - from: ${source.host}/acme/app\n    referrers: false\n    to: ${target.host}/app\n${image}`

export async function planned(w: World, image: string): Promise<Plan> {
  await using project = await openTestProject(w.folder, manifest(w, image))
  return project.plan()
}

export async function reconciled(w: World, image: string): Promise<Report> {
  await using project = await openTestProject(w.folder, manifest(w, image))
  return project.reconcile(options)
}

/** What arrived: each tag with the source's tag whose image it names. */
export async function arrived({ source, target }: World): Promise<string> {
  const names = new Map(
    source.tags('acme/app').map(tag => [source.manifest('acme/app', tag)?.digest, tag]),
  )
  return target
    .tags('app')
    .map(tag => `${tag}=${names.get(target.manifest('app', tag)?.digest)}`)
    .join(' ')
}

export const VERSIONS =
  '3.18.0 3.18.1 3.18.2 3.19.0 3.19.1 3.20.0-rc.1 3.17.9 4.0.0 edge latest 3.19 3'
