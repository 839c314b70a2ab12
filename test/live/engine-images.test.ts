/** What docker shows of the images of an engine, and what we show of them. */
import { beforeAll, afterAll, expect, it } from 'vitest'
import { isRecord } from '../../src/oci/descriptor.ts'
import { makeImage } from '../support/images.ts'
import { openEngineStore } from '../support/engine-store.ts'
import { writeTestImage } from '../support/put-image.ts'
import { describeLive } from './support/describe-live.ts'
import { whyNoDockerd } from './support/dockerd.ts'
import { startEngineWorld, type EngineWorld } from './support/engine-world.ts'

describeLive('images of an engine, shown', ['dockerd', 'docker'], suite, whyNoDockerd)

const ROW = '{{.Repository}} {{.Tag}} {{.ID}}'
const ALPHA = `FROM acme/base:1
LABEL tier=web
ENV A=b
EXPOSE 80
CMD ["/run"]
`

const LAYERED = `FROM acme/base:1
${Array.from({ length: 16 }, (_, at) => `LABEL at=${at}`).join('\n')}
`

function suite(): void {
  let w: EngineWorld
  let nameless: string
  beforeAll(async () => {
    w = await startEngineWorld()
    await using engine = await openEngineStore({ host: w.dockerd.host })
    const base = await makeImage({
      seed: 'base',
      layers: [{ size: 3000 }],
      created: '2025-01-01T00:00:00.5Z',
    })
    await writeTestImage(engine.store, 'acme/base', base, ['1'])
    nameless = w.build('moved:1', 'FROM acme/base:1\nENV OLD=1\n')
    w.build('moved:1', 'FROM acme/base:1\nENV NEW=1\n')
    w.build('alpha:1', ALPHA)
    // more ids than there are first digits for them
    w.build('layered:1', LAYERED)
    w.dockerLines('tag', 'alpha:1', 'localhost:5000/team/alpha:x')
    w.dockerLines('tag', 'alpha:1', 'ghcr.io/acme/alpha:2')
  })
  afterAll(() => w?.[Symbol.asyncDispose]())

  it.each([
    [[]],
    [['-a']],
    [['alpha']],
    [['alpha:1']],
    [['ghcr.io/acme/alpha']],
    [['localhost:5000/team/*']],
    [['nothing']],
    [['--no-trunc']],
    [['--filter', 'dangling=true']],
    [['--filter', 'dangling=false']],
    [['--filter', 'label=tier']],
    [['--filter', 'label=tier=web', '--filter', 'reference=alpha']],
    [['--filter', 'label=tier=db']],
    [['--filter', 'before=alpha:1']],
    [['--filter', 'since=acme/base:1']],
    [['--filter', 'reference=acme/*']],
    [['--digests']],
  ])('images %j: the same rows', async flags => {
    const theirs = w.dockerLines('images', ...flags, '--format', ROW)
    const { code, out, err } = await w.run([
      'images',
      '--store',
      'docker',
      ...flags,
      '--format',
      ROW,
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.split('\n').filter(Boolean).toSorted()).toEqual(theirs.toSorted())
  })

  it('images: the same ids alone, and the same sizes', async () => {
    const theirs = new Set(w.dockerLines('images', '-q'))
    expect((await w.run('images -q')).out.trim().split('\n').toSorted()).toEqual(
      [...theirs].toSorted(),
    )
    const { images } = JSON.parse((await w.run('images --output json')).out) as {
      images: { id: string; size: number }[]
    }
    for (const { id, size } of images) {
      expect(w.dockerLines('inspect', '-f', '{{.Size}}', id)).toEqual([String(size)])
    }
    expect(images).toHaveLength(theirs.size)
  })

  it('images: what sharing saves is what docker says', async () => {
    const [total = ''] = w.dockerLines('system', 'df', '--format', '{{json .}}')
    const { Size: size } = JSON.parse(total) as { Size: string }
    const told = JSON.parse((await w.run('images --output json')).out) as {
      size: number
      sharedSize: number
    }
    expect(size).toBe(`${Number(((told.size - told.sharedSize) / 1000).toPrecision(4))}kB`)
    expect(told.sharedSize).toBeGreaterThan(0)
    expect((await w.run('images')).out).toMatch(
      /\n\n5 images in docker, .* of which sharing saves /,
    )
  })

  it.each([
    '{{.Id}} {{.RepoTags}} {{.RepoDigests}}',
    '{{.Created}} {{.Size}} {{.Architecture}} {{.Os}} {{.Variant}}',
    '{{.Author}} {{.Comment}} {{.Parent}}',
    '{{.Config.Env}} {{.Config.Cmd}} {{.Config.User}} {{.Config.WorkingDir}}',
    '{{.Config.Entrypoint}} {{.Config.Volumes}} {{.Config.ExposedPorts}}',
    '{{range .Config.Env}}[{{.}}]{{end}} {{join .RepoTags ", "}} {{len .RootFS.Layers}}',
    '{{index .Config.Labels "tier"}} {{.Config.Labels.tier}} {{index .Config.Labels "none"}}',
    '{{json .RootFS}} {{json .Config.Labels}}',
  ])('inspect -f %s', async template => {
    for (const image of ['alpha:1', 'ghcr.io/acme/alpha:2', nameless, nameless.slice(7, 19)]) {
      const { code, out, err } = await w.run([
        'inspect',
        image,
        '--store',
        'docker',
        '-f',
        template,
      ])
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(out).toBe(w.docker('inspect', '-f', template, image).out)
    }
  })

  it('inspect: what both show is equal, and nothing is exported for it', async () => {
    const [theirs] = JSON.parse(w.docker('inspect', 'alpha:1').out) as [Record<string, unknown>]
    const { code, out } = await w.run('inspect alpha:1')
    expect(code).toBe(0)
    const [ours]: unknown[] = JSON.parse(out)
    if (!isRecord(ours)) throw new Error(out)
    expect(ours['Store']).toBe('docker')
    const shared = Object.keys(ours).filter(key => key in theirs)
    expect(shared).toEqual(expect.arrayContaining(['Id', 'Config', 'RootFS', 'Size', 'Metadata']))
    for (const key of shared) expect([key, ours[key]]).toEqual([key, theirs[key]])
    expect((await w.run('inspect alpha:1 --path $.Config.ExposedPorts')).out).toBe(
      '{"80/tcp":{}}\n',
    )
  })

  it.each(['alpha:1', 'acme/base:1', 'moved:1'])('history of %s', async image => {
    const format = '{{.ID}}|{{.CreatedAt}}|{{.CreatedBy}}|{{.Size}}|{{.Comment}}'
    const theirs = w
      .dockerLines('history', '--no-trunc', '--human=false', '--format', format, image)
      .map(line => line.split('|').map(part => part.trim()))
    const { id, history } = JSON.parse((await w.run(`history ${image} --output json`)).out) as {
      id: string
      history: Record<string, string | number | undefined>[]
    }
    expect(
      history.map((row, at) => [
        String((at === 0 ? id : row['id']) ?? '<missing>'),
        row['created'],
        String(row['createdBy'] ?? '').trim(),
        String(row['size']),
        String(row['comment'] ?? '').trim(),
      ]),
    ).toEqual(theirs)
    const ids = w.dockerLines('history', '-q', image)
    expect((await w.run(`history -q ${image}`)).out.trim().split('\n')).toEqual(ids)
  })

  it('is for one platform, and says so when another is meant', async () => {
    for (const command of ['inspect', 'history']) {
      expect(await w.run(`${command} alpha:1 --platform linux/arm64`)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/is not for linux\/arm64\nhint: it is for linux\/amd64/),
      })
      expect(await w.run(`${command} alpha:1 --platform linux/amd64`)).toMatchObject({ code: 0 })
    }
  })

  it('says what it has where a name or an id is not there, or is not enough', async () => {
    expect(await w.run('inspect alpha:9')).toMatchObject({
      code: 1,
      out: '[]\n',
      err: expect.stringContaining('hint: it has alpha:1'),
    })
    const [twin = ''] = w
      .dockerLines('images', '-aq', '--no-trunc')
      .filter((id, at, all) => all.findIndex(other => other[7] === id[7]) < at)
    expect(await w.run(`inspect ${twin.slice(7, 8)}`)).toMatchObject({
      code: 64,
      err: expect.stringMatching(/is the start of \d+ ids\nhint: give more digits: sha256:/),
    })
  })
}
