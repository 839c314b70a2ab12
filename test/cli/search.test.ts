/** `search` of a registry, as people type it. */
import { describe, expect, it } from 'vitest'
import { world, type World } from '../images/world.ts'
import { makeImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'

async function stocked(w: World) {
  const image = await makeImage({ seed: 'a' })
  for (const tag of ['latest', '1.10', '1.9', '1.9-rc', '1.2', '1']) {
    seedFake(w.registry, 'team/api', tag, image)
  }
  seedFake(w.registry, 'team/api-docs', '1', image)
  seedFake(w.registry, 'other', '1', image)
  w.registry.clearLog()
  return w
}

const listings = ({ registry }: World) =>
  registry.log.map(({ path }) => path).filter(path => path.endsWith('/tags/list'))

describe('search of a registry', () => {
  it('shows the repositories that the term is a part of, with their tags', async () => {
    await using w = await stocked(await world({ pageSize: 1 }))
    const { host } = w.registry
    expect(await w.run(`search ${host}/API`)).toEqual({
      code: 0,
      out: [
        `NAME${' '.repeat(host.length + 12)}TAGS`,
        `${host}/team/api       …, 1.9-rc, 1.9, 1.10, latest (6)`,
        `${host}/team/api-docs  1`,
        '',
      ].join('\n'),
      err: '',
    })
    expect(new Set(listings(w))).toEqual(
      new Set(['/v2/team/api/tags/list', '/v2/team/api-docs/tags/list']),
    )
  })

  it('asks for the tags of no more than it shows', async () => {
    await using w = await stocked(await world())
    const { host } = w.registry
    const { out, err } = await w.run(`search ${host}/ --limit 1 --format {{.Name}}`)
    expect(out).toBe(`${host}/other\n`)
    expect(err).toBe(`1 of 3 in ${host}; --limit shows up to 100\n`)
    expect(listings(w)).toEqual(['/v2/other/tags/list'])
  })

  it('shows all tags when nothing is to be cut, as a table or as a template has it', async () => {
    await using w = await stocked(await world())
    const { host } = w.registry
    const { out } = await w.run(`search ${host}/team/api --limit 1 --no-trunc`)
    expect(out).toContain(`${host}/team/api  1, 1.2, 1.9-rc, 1.9, 1.10, latest\n`)
    const format = 'table {{.Name}}\\t{{.TagCount}}'
    expect((await w.run(['search', `${host}/docs`, '--format', format])).out).toBe(
      `NAME${' '.repeat(host.length + 12)}TAG COUNT\n${host}/team/api-docs  1\n`,
    )
  })

  it('is a document for programs', async () => {
    await using w = await stocked(await world())
    const { host } = w.registry
    const { out } = await w.run(`search ${host}/api --limit 1 --output json`)
    expect(JSON.parse(out)).toEqual({
      formatVersion: '1.0',
      store: host,
      term: 'api',
      total: 2,
      results: [
        { name: `${host}/team/api`, tags: ['1', '1.2', '1.9-rc', '1.9', '1.10', 'latest'] },
      ],
    })
  })

  it('works in any store by --store, and in one that TERM begins with', async () => {
    await using w = await stocked(await world())
    await w.put('library/redis', ['7'], await makeImage({ seed: 'r' }))
    const { host } = w.registry
    const names = async (line: string) => (await w.run(`search ${line} --format {{.Name}}`)).out
    expect(await names(`team/ --store ${host}`)).toBe('team/api\nteam/api-docs\n')
    expect(await names('local/red')).toBe('local/library/redis\n')
    expect(await names('red --store layout:.waybill/store')).toBe('library/redis\n')
  })

  it('that finds nothing says so', async () => {
    await using w = await stocked(await world())
    const { code, out, err } = await w.run(`search ${w.registry.host}/nothing`)
    expect({ code, out, err }).toEqual({
      code: 0,
      out: 'NAME  TAGS\n',
      err: `nothing in ${w.registry.host} matches "nothing"\n`,
    })
  })

  it('keeps one whose tags are refused in the list, and says what is wrong', async () => {
    await using w = await stocked(await world())
    const { host } = w.registry
    w.registry.inject(({ path }) =>
      path === '/v2/team/api/tags/list' ? { kind: 'status', status: 403 } : undefined,
    )
    const { code, out, err } = await w.run(`search ${host}/team`)
    expect(code).toBe(1)
    expect(out).toMatch(/\/team\/api +\?\n.*\/team\/api-docs +1\n/)
    expect(err).toContain(
      `${host}/team/api: error: ${host} answered 403 to listing the tags of team/api\n`,
    )
    const { results } = JSON.parse((await w.run(`search ${host}/team --output json`)).out)
    expect(results[0]).toEqual({
      name: `${host}/team/api`,
      error: { code: 'STORE_DENIED', message: expect.stringContaining('403') },
    })
  })

  it.each([
    [401, '', 'log in with'],
    [403, '', 'waybill images REPOSITORY'],
    [404, '<html>', 'waybill images REPOSITORY'],
    [405, '', 'waybill images REPOSITORY'],
    [400, '{"errors":[{"code":"UNSUPPORTED"}]}', 'waybill images REPOSITORY'],
  ])('that is refused with %i says so, and what would help', async (status, body, hint) => {
    await using w = await stocked(await world())
    const headers = { 'content-type': body === '<html>' ? 'text/html' : 'application/json' }
    w.registry.inject(({ route }) =>
      route.kind === 'catalog' ? { kind: 'status', status, body, headers } : undefined,
    )
    const { code, out, err } = await w.run(`search ${w.registry.host}/api`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(
      `error: ${w.registry.host} cannot be searched, as it does not list its repositories\n`,
    )
    expect(err).toContain(hint)
  })

  it.each([
    [
      { kind: 'status', status: 429, headers: { 'retry-after': '3600' } },
      'error: HOST answered 429 to listing its repositories',
    ],
    [{ kind: 'status', status: 404 }, 'error: HOST answered 404 to listing its repositories'],
    [{ kind: 'status', status: 200, body: '<html>' }, 'error: HOST answered no list'],
  ] as const)('that breaks off is an error: %j', async (fault, words) => {
    await using w = await stocked(await world({ pageSize: 1 }))
    w.registry.inject(({ route, nth }) =>
      route.kind === 'catalog' && nth === 3 ? fault : undefined,
    )
    const { code, out, err } = await w.run(`search ${w.registry.host}/api`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(words.replace('HOST', w.registry.host))
  })

  it('is as whoever has logged in, and nobody else', async () => {
    const users = { al: 'hunter2' }
    await using w = await stocked(await world({ auth: { kind: 'bearer', users } }))
    const { host } = w.registry
    const auth = Buffer.from('al:hunter2').toString('base64')
    const env = { HOME: w.folder, DOCKER_AUTH_CONFIG: `{"auths":{"${host}":{"auth":"${auth}"}}}` }
    const { code, out, err } = await w.run(`search ${host}/docs`, { env })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('team/api-docs')
    expect(w.registry.grants.flatMap(({ scopes }) => scopes)).toContain('registry:catalog:*')
  })
})

describe('the line', () => {
  it.each([
    ['search', 'search needs [HOST/]TERM'],
    ['search x --limit 0', '--limit cannot be "0"'],
    ['search x --limit 101', '--limit cannot be "101"'],
    ['search x --limit many', '--limit cannot be "many"'],
    ['search x --filter stars', '--filter cannot be "stars"'],
    ['search x -s 3', 'give the least number of stars with --filter stars=N'],
    ['search x --format {{.Name', '--format'],
    ['search registry.test/x --filter stars=3', 'registry.test does not tell what --filter asks'],
    ['search registry.test/x -f is-automated=true', 'registry.test does not tell'],
    ['search x --store nowhere', 'there is no store "nowhere"'],
    ['search https://hub.docker.com/x', 'is an address'],
  ])('"%s" ends with 64', async (line, message) => {
    await using w = await world()
    const { code, out, err } = await w.run(line)
    expect({ code, out, err }).toEqual({ code: 64, out: '', err: expect.stringContaining(message) })
  })

  it('may have what time has passed, which is told of', async () => {
    await using w = await stocked(await world())
    const line = `search ${w.registry.host}/docs --no-index -f is-automated=false`
    const { code, out, err } = await w.run(line)
    expect(code).toBe(0)
    expect(out).toContain('team/api-docs')
    expect(err).toMatch(/^--no-index: .*\n--filter is-automated: .*\n$/)
  })
})
