/** docker's `import` and ours, of the same tar, on one engine; and what skopeo reads of ours. */
import { spawnSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rawTar } from '../tar/making.ts'
import { describeLive } from './support/describe-live.ts'
import { whyNoDockerd } from './support/dockerd.ts'
import { startEngineWorld, type EngineWorld } from './support/engine-world.ts'

describeLive('import', ['dockerd', 'docker', 'skopeo'], suite, whyNoDockerd)

const ROOT = rawTar(
  { name: 'etc/', type: '5' },
  { name: 'etc/passwd', bytes: 'root:x:0:0::/root:/bin/sh\n' },
  { name: 'etc/link', type: '2', target: '../../outside' },
  { name: 'etc/same', type: '1', target: 'etc/passwd' },
)
const CHANGES = [
  'CMD ["/bin/sh", "-l"]',
  'ENV A=b C="d e"',
  'EXPOSE 80 90/udp',
  'LABEL tier=web',
  'WORKDIR /srv',
  'USER 1:2',
  'VOLUME /data',
  'HEALTHCHECK --interval=5s CMD /bin/true',
].flatMap(change => ['-c', change])

function suite(): void {
  let w: EngineWorld
  beforeAll(async () => {
    w = await startEngineWorld()
    await w.write('root.tar', ROOT)
    await w.write('root.tar.gz', gzipSync(ROOT))
  })
  afterAll(() => w?.[Symbol.asyncDispose]())

  const ours = (...args: string[]) => w.run(['import', ...args, '--store', 'docker'])

  it.each([
    [[], 'root.tar'],
    [[], 'root.tar.gz'],
    [['-m', 'as it was'], 'root.tar'],
    [CHANGES, 'root.tar'],
  ])('%j of %s: the same layers, configuration and history', async (flags, file) => {
    w.dockerLines('import', ...flags, file, 'theirs:1')
    const { code, out, err } = await ours(...flags, file, 'ours:1')
    expect({ code, err: err.replace(/^ours:1 was .*\n/, '') }).toEqual({ code: 0, err: '' })
    expect(w.dockerLines('images', '-q', '--no-trunc', 'ours:1')).toEqual([out.trim()])
    const told = (name: string) => [
      ...w.dockerLines('inspect', '-f', '{{json .RootFS}} {{json .Config}}', name),
      ...w.dockerLines('inspect', '-f', '{{.Architecture}} {{.Os}} {{.Comment}} {{.Size}}', name),
      ...w.dockerLines('history', '--format', '{{.CreatedBy}} {{.Comment}} {{.Size}}', name),
    ]
    expect(told('ours:1')).toEqual(told('theirs:1'))
  })

  it('is for the platform that is said, which docker before 23 passes over', async () => {
    await ours('--platform', 'linux/arm64', 'root.tar', 'arm:1')
    expect(w.dockerLines('inspect', '-f', '{{.Os}}/{{.Architecture}}', 'arm:1')).toEqual([
      'linux/arm64',
    ])
  })

  it('gives an equal image again, which docker does not', async () => {
    const first = (await ours('root.tar', 'again:1')).out
    expect(await ours('root.tar', 'again:1')).toEqual({ code: 0, out: first, err: '' })
    const theirs = () => w.dockerLines('import', 'root.tar', 'theirs:2')
    expect(theirs()).not.toEqual(theirs())
  })

  it('takes what a container has in it', async () => {
    const [id = ''] = w.dockerLines('create', 'ours:1', '/bin/sh')
    w.dockerLines('export', '-o', 'container.tar', id)
    const stdin = createReadStream(join(w.folder, 'container.tar'))
    const { code, err } = await w.run('import - exported:1', { stdin })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    w.dockerLines('rm', id)
  })

  it('makes of a manifest what it makes by hand, once', async () => {
    const manifest = `version: 1
stores: { engine: { kind: docker } }
images:
  - rootfs: root.tar.gz
    changes: ['CMD ["/bin/sh", "-l"]']
    platforms: [linux/amd64]
    to: [engine/acme/declared:1, local/acme/declared:1]
`
    await w.write('images.yaml', manifest)
    const env = { HOME: w.folder, DOCKER_HOST: w.dockerd.host }
    const run = (...words: string[]) => w.run(words, { env })
    expect(await run('reconcile')).toMatchObject({ code: 0 })
    const more = ['-c', 'CMD ["/bin/sh", "-l"]', '--platform', 'linux/amd64']
    const { out } = await ours(...more, 'root.tar', 'byhand:1')
    expect(w.dockerLines('images', '-q', '--no-trunc', 'acme/declared')).toEqual([out.trim()])
    expect(await run('plan', '--detailed-exitcode')).toMatchObject({
      code: 0,
      out: expect.stringContaining('No changes.'),
    })
    await rm(join(w.folder, 'images.yaml'))
  })

  it('writes into a layout what skopeo reads', async () => {
    const line = ['import', 'root.tar', 'acme/base:1', '--store', 'layout:./store', '-m', 'said']
    expect(await w.run(line)).toMatchObject({ code: 0, err: '' })
    const skopeo = (...args: string[]) =>
      spawnSync('skopeo', args, { cwd: w.folder, encoding: 'utf8' })
    const { stdout } = skopeo('inspect', '--config', 'oci:store:acme/base:1')
    expect(JSON.parse(stdout)).toMatchObject({ os: 'linux', history: [{ comment: 'said' }] })
    expect(skopeo('copy', 'oci:store:acme/base:1', 'dir:copied')).toMatchObject({ status: 0 })
  })
}
