import { join } from 'node:path'
import { expect, it } from 'vitest'
import { buildCache } from '../../src/reconcile/build-cache.ts'

const now = () => new Date(0)
const build = { name: 'app', context: { folder: '/src/app', named: './app' } } as const
const pathIn = (env: Readonly<Record<string, string>>, name = 'app') =>
  buildCache({ ...build, name }, env, { now })?.path

it.each([
  ['/cache', { XDG_CACHE_HOME: '/cache', HOME: '/home' }],
  [join('/home', '.cache'), { HOME: '/home' }],
  [join('/home', '.cache'), { XDG_CACHE_HOME: 'relative', HOME: '/home' }],
])('is in %s', (folder, env) => {
  expect(pathIn(env)).toMatch(
    new RegExp(`^${join(folder, 'waybill/contexts/')}[0-9a-f]{64}\\.json$`),
  )
})

it('is one for each build, and the same each time', () => {
  const env = { HOME: '/home' }
  expect(pathIn(env)).toBe(pathIn(env))
  expect(pathIn(env)).not.toBe(pathIn(env, 'other'))
})

it('is nowhere without a home, and not for what is checked out anew each time', () => {
  expect(pathIn({})).toBeUndefined()
  const git = { git: 'https://git.example/app', ref: 'main', path: '.', submodules: false }
  expect(buildCache({ name: 'app', context: git }, { HOME: '/home' }, { now })).toBeUndefined()
})
