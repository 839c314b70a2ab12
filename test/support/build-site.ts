/** A context, a manifest that builds it, and places for what is built: for whole runs. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plan, Report } from '../../src/plan/types.ts'
import type { Project, ProjectInit } from '../../src/reconcile/project.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { openTestProject } from './project.ts'
import { options, world, type World } from './world.ts'

const DOCKERFILE = `FROM scratch
ARG WORD=none
LABEL word=$WORD
COPY file /
`

export interface Asked extends Partial<ProjectInit> {
  /** Lines of the build called `worker`; where it goes is `to`, unless said here. */
  readonly build?: string
  readonly to?: string
  readonly name?: string
  /** Lines of the manifest besides; a store `other` is there. */
  readonly more?: string
  readonly stores?: string
}

export interface BuildSite extends World {
  /** Below the folder of the manifest; the context is `context`. */
  write(file: string, text: string): Promise<void>
  using<T>(asked: Asked, work: (project: Project) => Promise<T>): Promise<T>
  plan(asked?: Asked): Promise<Plan>
  reconcile(asked?: Asked): Promise<Report>
  /** The lock, as text. */
  lock(): Promise<string>
  /** Begins an empty one. */
  beginLock(): Promise<void>
}

export async function buildSite(...registries: readonly FakeRegistryOptions[]): Promise<BuildSite> {
  const w = await world(...registries)
  const path = (file: string) => join(w.folder, file)
  const write = (file: string, text: string) => writeFile(path(file), text)
  await mkdir(path('context'))
  await write('context/Dockerfile', DOCKERFILE)
  await write('context/file', 'text')
  const using: BuildSite['using'] = async (asked, work) => {
    const { build = '', to = 'local/acme/worker:1', name = 'worker', ...rest } = asked
    const { more = '', stores = '', ...init } = rest
    const text = `version: 1
stores:
  other: { kind: layout, path: other }
${stores}
${more}
${name === '' ? '' : `builds:\n  - { name: ${name}, context: ./context, to: [${to}]${build && `, ${build}`} }\n`}`
    await using project = await openTestProject(w.folder, text, init)
    return await work(project)
  }
  return {
    ...w,
    write,
    using,
    plan: (asked = {}) => using(asked, project => project.plan()),
    reconcile: (asked = {}) => using(asked, project => project.reconcile(options)),
    lock: () => readFile(path('images.lock.yaml'), 'utf8'),
    beginLock: () => write('images.lock.yaml', 'version: 1\nfiles:\n  - images.yaml\n'),
  }
}

/** `build local/acme/worker:1 other/worker:1`, of each step. */
export const briefly = ({ steps }: Plan | Report): readonly string[] =>
  steps.map(({ kind, to }) => [kind, ...to.map(({ at }) => at)].join(' '))
