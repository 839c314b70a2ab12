/** What our commands do to an engine, beside docker's own on the same one: equal things, twice. */
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openEngineClient } from '../support/engine-client.ts'
import { openEngineStore } from '../support/engine-store.ts'
import { writeImage } from '../stores/content.ts'
import { describeLive } from './support/describe-live.ts'
import { whyNoDockerd } from './support/dockerd.ts'
import { startEngineWorld, type Ended, type EngineWorld } from './support/engine-world.ts'
import { pausingImage, whyNoPausing } from './support/pausing-image.ts'

describeLive(
  'commands on an engine',
  ['dockerd', 'docker', 'runc'],
  suite,
  () => whyNoDockerd() ?? whyNoPausing(),
)

/** `theirs` for docker and `ours` for us, otherwise the same. */
type Side = 'theirs' | 'ours'

function suite(): void {
  let w: EngineWorld
  let made = 0
  beforeAll(async () => {
    w = await startEngineWorld()
  })
  afterAll(() => w?.[Symbol.asyncDispose]())

  /** An image of its own under these names, each `NAME/x:TAG`; gives its id. */
  async function make(names: readonly string[]): Promise<string> {
    await using engine = await openEngineStore({ host: w.dockerd.host })
    const image = await pausingImage(`${++made}`)
    const id = image.blobs[0]!.content.digest
    const [first = ''] = names
    const [repository = '', tag = ''] = first.split(':')
    await writeImage(engine.store, repository, image, [tag])
    for (const name of names.slice(1)) w.dockerLines('tag', first, name)
    return id
  }

  async function container(name: string, image: string, { running = false } = {}): Promise<void> {
    using client = openEngineClient(w.dockerd.socket)
    const body = { Image: image, HostConfig: { NetworkMode: 'none' } }
    const created = await client.request('POST', `/containers/create?name=${name}`, body)
    expect(created.status).toBe(201)
    if (running) await client.request('POST', `/containers/${name}/start`)
  }

  const remove = (name: string) => w.dockerLines('rm', '-f', name)
  /** Names and ids that are left, and whether they are there at all. */
  const left = (side: string) =>
    w
      .dockerLines('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}}')
      .filter(name => name.startsWith(`${side}/`))
      .map(name => name.slice(side.length))
      .toSorted()
  const isThere = (id: string) => w.docker('inspect', '--type', 'image', id).code === 0

  /** Lines in which the two sides' images and layers are called the same. */
  const told = ({ out }: Ended, side: Side) =>
    out
      .replaceAll(`${side}/`, '')
      .replace(/sha256:\w+/g, 'DIGEST')
      .split('\n')
      .filter(Boolean)
      .toSorted()

  interface Case {
    readonly names: readonly string[]
    readonly container?: 'stopped' | 'running'
    /** `id` for the image's id, else one of its names. */
    readonly what: readonly string[]
    readonly flags?: readonly string[]
  }

  const cases: readonly (readonly [string, Case])[] = [
    ['one of two names', { names: ['a:1', 'a:2'], what: ['a:1'] }],
    ['the last name', { names: ['a:1'], what: ['a:1'] }],
    ['both names at once', { names: ['a:1', 'b:2'], what: ['a:1', 'b:2'] }],
    ['an id with one name', { names: ['a:1'], what: ['id'] }],
    ['an id with two names', { names: ['a:1', 'b:2'], what: ['id'] }],
    ['an id with two names, forced', { names: ['a:1', 'b:2'], what: ['id'], flags: ['-f'] }],
    ['what a stopped one uses', { names: ['a:1'], container: 'stopped', what: ['a:1'] }],
    ['a second name of that', { names: ['a:1', 'b:2'], container: 'stopped', what: ['b:2'] }],
    ['that, forced', { names: ['a:1'], container: 'stopped', what: ['a:1'], flags: ['-f'] }],
    [
      'what a running one uses, forced',
      { names: ['a:1'], container: 'running', what: ['id'], flags: ['-f'] },
    ],
  ]

  it.each(cases)('rmi of %s', async (_, { names, container: state, what, flags = [] }) => {
    const ended = {} as Record<Side, Ended>
    const ids = {} as Record<Side, string>
    for (const side of ['theirs', 'ours'] as const) {
      const id = await make(names.map(name => `${side}/${name}`))
      ids[side] = id
      if (state) await container(side, id, { running: state === 'running' })
      const args = ['rmi', ...flags, ...what.map(one => (one === 'id' ? id : `${side}/${one}`))]
      ended[side] =
        side === 'ours' ? await w.run([...args, '--store', 'docker']) : w.docker(...args)
    }
    expect(ended.ours.code).toBe(ended.theirs.code)
    expect(told(ended.ours, 'ours')).toEqual(told(ended.theirs, 'theirs'))
    expect(left('ours')).toEqual(left('theirs'))
    expect(isThere(ids.ours)).toBe(isThere(ids.theirs))
    for (const side of ['theirs', 'ours'] as const) {
      if (state) remove(side)
      w.docker('rmi', '-f', ids[side])
    }
  })

  it('rmi refuses with what is in the way, and leaves the container alone', async () => {
    const id = await make(['ours/a:1'])
    await container('ours', id)
    const refused = await w.run('rmi ours/a:1')
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toMatch(
      /^error: docker\/ours\/a:1 is needed by the container ours \(stopped\)\n[^]*hint: to free it: docker rm ours\n$/,
    )
    expect(w.dockerLines('ps', '-aq', '--filter', 'name=ours')).toHaveLength(1)
    remove('ours')
    w.dockerLines('tag', 'ours/a:1', 'ours/b:2')
    expect(await w.run(`rmi ${id.slice(7, 19)}`)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/has several names: ours\/a:1, ours\/b:2\nhint: remove a name/),
    })
    expect(await w.run(`rmi -f ${id} --output json`)).toMatchObject({ code: 0 })
    expect(await w.run('rmi ours/a:1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('docker has no image ours/a:1'),
    })
    expect(await w.run('rmi -f ours/a:1')).toMatchObject({ code: 0 })
  })

  it('tag moves a name as docker does, and untag takes all but the last', async () => {
    const [one, two] = [await make(['ours/a:1']), await make(['ours/b:1'])]
    expect(await w.run('tag ours/b:1 localhost:5000/ours/a:1')).toMatchObject({ code: 0, err: '' })
    expect(await w.run('tag ours/b:1 plain')).toMatchObject({ code: 0 })
    expect(await w.run(`tag ${two.slice(7, 19)} ours/a:1`)).toMatchObject({
      code: 0,
      err: `ours/a:1 was ${one.slice(0, 19)}\n`,
    })
    const names = (id: string) => w.dockerLines('inspect', '-f', '{{join .RepoTags " "}}', id)
    expect(names(two).join().split(' ').toSorted()).toEqual([
      'localhost:5000/ours/a:1',
      'ours/a:1',
      'ours/b:1',
      'plain:latest',
    ])
    expect(names(one)).toEqual([])
    expect(await w.run('untag plain localhost:5000/ours/a:1 ours/b:1')).toMatchObject({
      code: 0,
      out: 'Untagged: plain:latest\nUntagged: localhost:5000/ours/a:1\nUntagged: ours/b:1\n',
    })
    expect(await w.run('untag ours/a:1')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /with ours\/a:1 its image would go, too\nhint: .*waybill rmi ours\/a:1/,
      ),
    })
    expect(names(two)).toEqual(['ours/a:1'])
    for (const id of [one, two]) w.dockerLines('rmi', '-f', id)
  })

  /** Two images without a name, one of which a container needs, and two with one, as often used. */
  async function litter(): Promise<Readonly<Record<string, string>>> {
    const ids: Record<string, string> = {}
    for (const kind of ['loose', 'held']) {
      ids[`${kind}-nameless`] = await make([`litter/${kind}:0`])
      ids[`${kind}-named`] = await make([`litter/${kind}:1`])
      w.dockerLines('tag', `litter/${kind}:1`, `litter/${kind}:0`)
    }
    // a name more than one would be lost to docker, though the image is in use
    w.dockerLines('rmi', 'litter/held:0')
    await container('one', ids['held-nameless'] ?? '')
    await container('two', ids['held-named'] ?? '')
    ids['built'] = w.build('litter/built:1', 'FROM litter/loose:1\nLABEL tier=web\nENV A=b\n')
    return ids
  }

  const prunes: readonly (readonly string[])[] = [
    [],
    ['-a'],
    ['-a', '--filter', 'label=tier'],
    ['-a', '--filter', 'label!=tier=web', '--filter', `until=${inAnHour()}`],
    ['-a', '--filter', 'until=1h'],
  ]

  it.each(prunes.map(flags => [flags]))('prune %j', async flags => {
    const sides: object[] = []
    for (const side of ['theirs', 'ours'] as const) {
      const ids = await litter()
      const { code, out } =
        side === 'ours'
          ? await w.run(['image', 'prune', '-f', ...flags, '--store', 'docker'])
          : w.docker('image', 'prune', '-f', ...flags)
      const lines = out.split('\n').map(line => line.replace(/sha256:\w+/, 'DIGEST'))
      sides.push({
        code,
        left: Object.entries(ids).flatMap(([kind, id]) => (isThere(id) ? [kind] : [])),
        said: lines.filter(line => !line.startsWith('Total')).toSorted(),
        freed: /^Total reclaimed space: ([\d.]+)/m.exec(out)?.[1] === '0',
      })
      remove('one')
      remove('two')
      w.docker('image', 'prune', '-af')
    }
    expect(sides[1]).toEqual(sides[0])
  })

  it('prune leaves what came into use, or was named, after it was shown', async () => {
    const used = await make(['ours/a:1'])
    const named = await make(['ours/b:1'])
    const terminal = typingAt('[y/N]', async type => {
      await container('late', used)
      w.dockerLines('tag', 'ours/b:1', 'ours/c:1')
      type('y\r')
    })
    const { code, out } = await w.run('prune -a', terminal.shell)
    expect({ code, out }).toEqual({ code: 1, out: 'Total reclaimed space: 0 B\n' })
    expect(terminal.screen()).toContain(
      'docker: ours/a:1 was taken for the container late meanwhile',
    )
    expect(terminal.screen()).toContain('docker: ours/b:1 was named ours/c:1 meanwhile')
    expect(left('ours')).toEqual(['/a:1', '/b:1', '/c:1'])
    remove('late')
    for (const id of [used, named]) w.dockerLines('rmi', '-f', id)
  })

  it('prune shows what would go, and removes nothing where nobody can be asked', async () => {
    await make(['ours/a:1'])
    const { code, out, err } = await w.run('prune -a')
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err).toMatch(/^REPOSITORY [^]*\nours\/a +1 [^]*1 image in docker would be removed/)
    expect(left('ours')).toEqual(['/a:1'])
    w.dockerLines('rmi', 'ours/a:1')
  })

  it('commit makes what docker makes of the same container', async () => {
    const id = await make(['both/base:1'])
    await container('both', id, { running: true })
    w.dockerLines('cp', await w.write('new', 'new'), 'both:/new')
    const flags = ['-a', 'Me <me@acme>', '-m', 'with a file', '-c', 'ENV A=b', '-c', 'CMD ["/x"]']
    w.dockerLines('commit', ...flags, 'both', 'theirs/c:1')
    const { code, out, err } = await w.run([
      'container',
      'commit',
      ...flags,
      'both',
      'ours/c:1',
      '--store',
      'docker',
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(w.dockerLines('images', '-q', '--no-trunc', 'ours/c:1')).toEqual([out.trim()])
    const format = '{{json .Config}} {{.Author}} {{.Comment}} {{json .RootFS}} {{.Architecture}}'
    const [ours, theirs] = ['ours/c:1', 'theirs/c:1'].map(name =>
      w.dockerLines('inspect', '-f', format, name),
    )
    expect(ours).toEqual(theirs)
    const lines = '{{.CreatedBy}}|{{.Size}}|{{.Comment}}'
    expect(w.dockerLines('history', '--format', lines, 'ours/c:1')).toEqual(
      w.dockerLines('history', '--format', lines, 'theirs/c:1'),
    )

    const again = await w.run('commit --no-pause both ours/c:1')
    expect(again).toMatchObject({ code: 0, err: `ours/c:1 was ${out.slice(0, 19)}\n` })
    expect(await w.run(['commit', '-c', 'RUN x', 'both', 'ours/d:1', '--store', 'docker'])).toEqual(
      {
        code: 64,
        out: '',
        err: expect.stringMatching(/run is not a valid change command\nhint: -c takes CMD, /),
      },
    )
    expect(w.docker('commit', '-c', 'RUN x', 'both', 'ours/d:1').code).toBe(1)
    expect(await w.run('commit absent ours/d:1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('docker has no container absent'),
    })
    expect(await w.run(['commit', 'both', 'ours/d:1'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/local has images and no containers\nhint: .*--store docker/),
    })
    expect(left('ours')).toEqual(['/c:1'])
    remove('both')
    w.dockerLines('image', 'prune', '-af')
  })

  it('du tells what docker does', async () => {
    await make(['du/base:1'])
    w.build('du/a:1', 'FROM du/base:1\nENV A=1\n')
    w.build('du/b:1', 'FROM du/base:1\nCOPY --from=du/base:1 /seed /copied\n')
    const { Images: theirs, LayersSize: layers } = await df()
    const { code, out } = await w.run('system df --output json')
    expect(code).toBe(0)
    const { images, together } = JSON.parse(out) as {
      images: { id: string; size: number; shared: number }[]
      together: number
    }
    expect(together).toBe(layers)
    expect(new Map(images.map(({ id, size, shared }) => [id, { size, shared }]))).toEqual(
      new Map(theirs.map(one => [one.Id, { size: one.Size, shared: one.SharedSize }])),
    )
    expect((await w.run('du')).out).toMatch(
      /du\/b:1 +\w{12} [^]*\n3 images, .* in docker\nSharing saves /,
    )
    expect(await w.run('du --blobs')).toMatchObject({
      code: 1,
      err: expect.stringContaining('does not tell of single layers'),
    })
    w.dockerLines('image', 'prune', '-af')
  })

  async function df() {
    using client = openEngineClient(w.dockerd.socket)
    return (await client.get('/system/df')) as {
      Images: { Id: string; Size: number; SharedSize: number }[]
      LayersSize: number
    }
  }
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString()
}

/** A terminal with somebody at it, who does something when a question is on it. */
function typingAt(question: string, work: (type: (keys: string) => void) => Promise<void>) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
  let screen = ''
  const stderr = {
    isTTY: false,
    columns: 80,
    color: false,
    write(text: string) {
      screen += text
      if (text.includes(question))
        work(keys => stdin.write(keys)).catch(error => stdin.destroy(error))
    },
  }
  return { shell: { stdin, stderr }, screen: () => screen }
}
