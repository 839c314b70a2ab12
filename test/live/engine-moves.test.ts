/** Images into an engine and out of it, by our commands and docker's: names and ids stay. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { makeImage, makeIndex, pushImage, type TestImage } from '../support/images.ts'
import { startSocketRelay } from '../support/socket-relay.ts'
import { describeLive } from './support/describe-live.ts'
import { whyNoDockerd } from './support/dockerd.ts'
import { startEngineWorld, type EngineWorld } from './support/engine-world.ts'
import { startDockerRegistry, type LiveRegistry } from './support/registries.ts'
import { skopeoRaw } from './support/skopeo.ts'

const MIB = 1024 * 1024
const base = { size: 2 * MIB, seed: 'base' }
const ARM = { os: 'linux', architecture: 'arm64' }

describeLive(
  'images to and from an engine, by hand',
  ['dockerd', 'docker', 'docker-registry', 'skopeo'],
  suite,
  whyNoDockerd,
)

const configOf = ({ blobs }: TestImage) => [...blobs.keys()][0]

function suite(): void {
  let w: EngineWorld
  let registry: LiveRegistry
  let one: TestImage
  let index: TestImage
  beforeAll(async () => {
    w = await startEngineWorld()
    registry = await startDockerRegistry()
    one = await makeImage({ seed: 'one', layers: [base, { size: 1000 }] })
    index = makeIndex([await makeImage({ seed: 'arm', platform: ARM }), one])
    const two = await makeImage({ seed: 'two', layers: [base, { size: 3000 }] })
    await pushImage(registry.host, 'acme/one', '1', index)
    await pushImage(registry.host, 'acme/two', '2', two)
  })
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]()
    await w?.[Symbol.asyncDispose]()
  })

  const idOf = (name: string) => w.dockerLines('inspect', '-f', '{{.Id}}', name).join()

  it('pull brings what docker pulls, says where to, and then that it is there', async () => {
    const name = `${registry.host}/acme/one:1`
    w.dockerLines('pull', name)
    const theirs = idOf(name)
    const format = '{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}'
    const rows = await w.run(['images', '--digests', '--format', format, '--store', 'docker'])
    expect(rows.out.trim().split('\n')).toEqual(
      w.dockerLines('images', '--digests', '--format', format),
    )
    const byDigest = `${registry.host}/acme/one@${index.manifest.digest}`
    expect((await w.run(`inspect ${byDigest} -f {{.Id}}`)).out).toBe(`${theirs}\n`)
    const removed = await w.run(`rmi ${byDigest}`)
    expect(removed).toMatchObject({ code: 0, out: `Untagged: ${byDigest}\n` })
    w.dockerLines('rmi', name)

    const pulled = await w.run(`pull ${name}`)
    expect(pulled).toMatchObject({
      code: 0,
      out: `Digest: ${index.manifest.digest}\nStatus: Downloaded newer image for ${name}\n${name}\n`,
      err: expect.stringContaining(
        `${name} → docker/${registry.host.replace(':', '_')}/acme/one:1`,
      ),
    })
    expect([idOf(name), theirs]).toEqual([configOf(one), configOf(one)])
    expect((await w.run(`pull ${name}`)).out).toContain(`Status: Image is up to date for ${name}\n`)
    expect((await w.run('images --format {{.Repository}}:{{.Tag}}')).out).toBe(`${name}\n`)
  })

  it('moves no byte of a layer to the engine that it has', async () => {
    await using relay = await startSocketRelay(w.dockerd.socket)
    const env = { HOME: w.folder, DOCKER_HOST: relay.host }
    const pulled = await w.run(`pull ${registry.host}/acme/two:2`, { env })
    expect(pulled).toMatchObject({ code: 0, err: expect.stringMatching(/1 of 3 blobs were there/) })
    expect(relay.sent).toBeLessThan(64_000)
    expect(idOf(`${registry.host}/acme/two:2`)).toMatch(/^sha256:/)
  })

  it('push and copy bring an image that docker pulls as it was', async () => {
    const { host } = registry
    w.dockerLines('tag', `${host}/acme/one:1`, `${host}/pushed/one:3`)
    const pushed = await w.run(`push ${host}/pushed/one:3`)
    expect(pushed.code).toBe(0)
    expect(pushed.err).toContain(
      `docker/${host.replace(':', '_')}/pushed/one:3 → ${host}/pushed/one:3`,
    )
    expect((await w.run(`push ${host}/pushed/one:3 ${host}/pushed/two:4`)).code).toBe(0)
    for (const name of ['pushed/one:3', 'pushed/two:4']) {
      const { config } = JSON.parse((await skopeoRaw(`docker://${host}/${name}`)).toString())
      expect(config.digest).toBe(configOf(one))
      w.docker('rmi', `${host}/${name}`)
      w.dockerLines('pull', `${host}/${name}`)
      expect(idOf(`${host}/${name}`)).toBe(configOf(one))
    }
    await w.write('images.yaml', 'version: 1\nstores:\n  engine: { kind: docker }\n')
    const copied = await w.run(['copy', `${host}/acme/two:2`, 'engine/acme/copied:5'])
    expect(copied).toMatchObject({
      code: 0,
      out: expect.stringContaining('Status: Copied to engine/acme/copied:5\n'),
    })
    expect(idOf('acme/copied:5')).toBe(idOf(`${host}/acme/two:2`))
    const back = await w.run(['copy', 'engine/acme/copied:5', `${host}/copied:6`])
    expect(back.code).toBe(0)
    await w.write('images.yaml', 'version: 1\n')
  })

  it('save writes what docker loads, under the same names', async () => {
    const { host } = registry
    w.dockerLines('tag', `${host}/acme/one:1`, 'plain:1')
    const id = idOf('plain:1')
    expect(await w.run(`save plain:1 ${host}/acme/two:2 -o saved.tar`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^Saved plain:1 \(sha256:\w{12}\)\nSaved 127\.0\.0\.1:\d+\/acme\/two:2 /,
      ),
    })
    w.dockerLines('image', 'prune', '-af')
    expect(w.dockerLines('load', '-i', 'saved.tar').toSorted()).toEqual([
      `Loaded image: ${host}/acme/two:2`,
      'Loaded image: plain:1',
    ])
    expect(idOf('plain:1')).toBe(id)
  })

  it('load takes what docker saved, from a file or stdin, with and without names', async () => {
    const { host } = registry
    const [id, other] = [idOf('plain:1'), idOf(`${host}/acme/two:2`)]
    w.dockerLines('save', '-o', 'theirs.tar', 'plain:1', `${host}/acme/two:2`)
    w.dockerLines('save', '-o', 'nameless.tar', id)
    const said = w.dockerLines('load', '-i', 'theirs.tar').toSorted()
    w.dockerLines('image', 'prune', '-af')

    const loaded = await w.run('load -i theirs.tar')
    expect({ code: loaded.code, err: loaded.err }).toEqual({ code: 0, err: '' })
    expect(loaded.out.trim().split('\n').toSorted()).toEqual(said)
    expect([idOf('plain:1'), idOf(`${host}/acme/two:2`)]).toEqual([id, other])

    const stdin = Readable.from([await readFile(join(w.folder, 'theirs.tar'))])
    expect((await w.run('load', { stdin })).out.trim().split('\n').toSorted()).toEqual(said)

    w.dockerLines('image', 'prune', '-af')
    expect(await w.run('load -i nameless.tar')).toEqual({
      code: 0,
      out: `Loaded image ID: ${id}\n`,
      err: '',
    })
    expect(w.dockerLines('images', '-q', '--no-trunc', '--filter', 'dangling=true')).toEqual([id])
    expect(w.dockerLines('load', '-i', 'nameless.tar')).toEqual([`Loaded image ID: ${id}`])
  })

  it('says what was tried where there is no engine', async () => {
    const env = { HOME: w.folder, DOCKER_HOST: 'unix:///nowhere/d.sock' }
    const pull = `pull -q ${registry.host}/acme/one:1`
    for (const command of ['images', 'rmi x', 'prune -f', 'commit a b', pull, 'du']) {
      const { code, out, err } = await w.run(command, { env })
      expect({ command, code, out }).toEqual({ command, code: 1, out: '' })
      expect(err).toContain(
        'docker cannot be reached at unix:///nowhere/d.sock (from DOCKER_HOST): there is no such socket',
      )
      expect(err).toMatch(
        /hint: is the engine running\? If it is elsewhere, name another with DOCKER_HOST/,
      )
    }
  })
}
