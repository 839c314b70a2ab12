/** What docker's own command does on the same engine: the same goes, the same stays, the same is refused. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isRecord } from '../../src/oci/descriptor.ts'
import { openEngineClient, type EngineClient } from '../support/engine-client.ts'
import { openEngineStore, type OpenedEngine } from '../support/engine-store.ts'
import { writeImage } from '../stores/content.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerd, whyNoDockerd, type Dockerd } from './support/dockerd.ts'
import { pausingImage, whyNoPausing } from './support/pausing-image.ts'

describeLive(
  'docker on the same engine',
  ['dockerd', 'docker', 'runc'],
  suite,
  () => whyNoDockerd() ?? whyNoPausing(),
)

/** An image under two names at most, and perhaps a container of it. */
interface Made {
  readonly id: string
  readonly one: string
  readonly two: string
  readonly container: string
}

interface Setting {
  readonly names: 1 | 2
  readonly container?: 'stopped' | 'running'
}

/** What is removed: by which name of it, and forced or not. */
interface Removal {
  readonly by: 'name' | 'id'
  readonly force?: boolean
}

function suite(): void {
  let dockerd: Dockerd
  let opened: OpenedEngine
  let client: EngineClient
  beforeAll(async () => {
    dockerd = await startDockerd()
    opened = await openEngineStore({ host: dockerd.host })
    client = openEngineClient(dockerd.socket)
  })
  afterAll(async () => {
    client?.[Symbol.dispose]()
    await opened?.[Symbol.asyncDispose]()
    await dockerd?.[Symbol.asyncDispose]()
  })

  const docker = (...args: string[]) =>
    spawnSync('docker', args, {
      env: { ...process.env, DOCKER_HOST: dockerd.host },
      encoding: 'utf8',
    })

  async function make({ names, container }: Setting): Promise<Made> {
    const seed = randomBytes(5).toString('hex')
    const image = await pausingImage(seed)
    const made = {
      id: image.blobs[0]!.content.digest,
      one: `acme/${seed}:1`,
      two: `acme/${seed}:2`,
      container: `c${seed}`,
    }
    await writeImage(opened.store, `acme/${seed}`, image, names === 2 ? ['1', '2'] : ['1'])
    if (container === undefined) return made
    const body = { Image: made.id, HostConfig: { NetworkMode: 'none' } }
    const path = `/containers/create?name=${made.container}`
    const steps = [
      await client.request('POST', path, body),
      ...(container === 'running'
        ? [await client.request('POST', `/containers/${made.container}/start`)]
        : []),
    ]
    const failed = steps.find(({ status }) => status >= 300)
    if (failed) throw new Error(failed.body)
    return made
  }

  /** What is left of it, under names that are the same for every image. */
  async function leftOf({ id, one, two, container }: Made): Promise<object> {
    const { status, body } = await client.request('GET', `/images/${id}/json`)
    const inspected: unknown = status === 200 ? JSON.parse(body) : {}
    const tags = isRecord(inspected) ? inspected['RepoTags'] : []
    const names = (Array.isArray(tags) ? tags : []).map(tag => (tag === one ? 'one' : tag === two))
    const there = await client.request('GET', `/containers/${container}/json`)
    return { image: status === 200, names, container: there.status === 200 }
  }

  async function end({ container, id }: Made): Promise<void> {
    await client.request('DELETE', `/containers/${container}?force=1`)
    await client.request('DELETE', `/images/${id}?force=1`)
  }

  /** The words of an answer in which images and layers are the same for every image. */
  function told(what: string, { one, two }: Made): string {
    return what
      .replace(one, 'ONE')
      .replace(two, 'TWO')
      .replace(/sha256:\w+/, 'DIGEST')
  }

  const cases: readonly (readonly [Setting, Removal, 'goes' | 'refused'])[] = [
    [{ names: 2 }, { by: 'name' }, 'goes'],
    [{ names: 1 }, { by: 'name' }, 'goes'],
    [{ names: 1 }, { by: 'id' }, 'goes'],
    [{ names: 2 }, { by: 'id' }, 'refused'],
    [{ names: 2 }, { by: 'id', force: true }, 'goes'],
    [{ names: 2, container: 'stopped' }, { by: 'name' }, 'goes'],
    [{ names: 1, container: 'stopped' }, { by: 'name' }, 'refused'],
    [{ names: 1, container: 'stopped' }, { by: 'name', force: true }, 'goes'],
    [{ names: 1, container: 'stopped' }, { by: 'id' }, 'refused'],
    [{ names: 1, container: 'stopped' }, { by: 'id', force: true }, 'goes'],
    [{ names: 2, container: 'running' }, { by: 'name' }, 'goes'],
    [{ names: 1, container: 'running' }, { by: 'name' }, 'refused'],
    [{ names: 1, container: 'running' }, { by: 'name', force: true }, 'goes'],
    [{ names: 1, container: 'running' }, { by: 'id' }, 'refused'],
    [{ names: 1, container: 'running' }, { by: 'id', force: true }, 'refused'],
  ]

  it.each(cases)('rmi of %j %j: %s', async (setting, { by, force = false }, outcome) => {
    const [theirs, ours] = [await make(setting), await make(setting)]
    const shown = ({ id, one }: Made) => (by === 'id' ? id : one)
    const { status, stdout } = docker('rmi', ...(force ? ['-f'] : []), shown(theirs))
    const [ending] = await Promise.allSettled([opened.store.discard(shown(ours), { force })])
    const refused = ending.status === 'rejected'
    expect([status === 0 ? 'goes' : 'refused', refused ? 'refused' : 'goes']).toEqual([
      outcome,
      outcome,
    ])
    expect(await leftOf(ours)).toEqual(await leftOf(theirs))
    const went = refused ? [] : ending.value
    const lines = went.map(
      ({ kind, what }) => `${kind === 'deleted' ? 'Deleted' : 'Untagged'}: ${what}`,
    )
    expect(lines.map(line => told(line, ours)).toSorted()).toEqual(
      stdout
        .split('\n')
        .filter(Boolean)
        .map(line => told(line, theirs))
        .toSorted(),
    )
    await end(theirs)
    await end(ours)
  })

  it.each(['stopped', 'running'] as const)(
    'a refusal for a %s container names it, and what frees the image',
    async state => {
      const made = await make({ names: 1, container: state })
      const [repository = '', tag = ''] = made.one.split(':')
      const rm = `docker rm ${made.container}`
      const refusal = {
        code: 'STORE_CONFLICT',
        message: `engine/${made.one} is needed by the container ${made.container} (${state})`,
        hint: `to free it: ${state === 'running' ? `docker stop ${made.container} && ${rm}` : rm}`,
      }
      await expect(opened.store.remove(repository, tag)).rejects.toMatchObject(refusal)
      await expect(opened.store.discard(made.one)).rejects.toMatchObject(refusal)
      const found = await opened.store.resolve(repository, tag)
      expect(await opened.store.usedBy(found!)).toEqual([
        { id: expect.any(String), name: made.container, running: state === 'running' },
      ])

      await client.request('POST', `/containers/${made.container}/kill`)
      expect(docker('rm', made.container).status).toBe(0)
      await opened.store.remove(repository, tag)
      expect(await opened.store.resolve(repository, tag)).toBeUndefined()
      await end(made)
    },
  )

  it('removes no image by its digest that has even one name, as docker would', async () => {
    const made = await make({ names: 1 })
    const [repository = '', tag = ''] = made.one.split(':')
    const found = await opened.store.resolve(repository, tag)
    await expect(opened.store.remove(repository, found!.digest)).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: `engine/${repository}@${made.id} has to stay: ${made.one} names it`,
    })
    expect(await opened.store.resolve(repository, tag)).toEqual(found)
    expect(docker('rmi', made.id).status).toBe(0)
  })

  it('an image that is not there', async () => {
    expect(docker('rmi', 'acme/absent:1').status).toBe(1)
    await expect(opened.store.discard('acme/absent:1')).rejects.toMatchObject({
      code: 'CONTENT_MISSING',
    })
    await opened.store.remove('acme/absent', '1')
  })

  it('tags and lists the same', async () => {
    const made = await make({ names: 1 })
    const other = await make({ names: 2 })
    await opened.store.tagImage(made.one, 'registry.example_5000/team/app', 'a')
    await opened.store.tagImage(made.id, 'alpine', 'b')
    expect(docker('tag', made.one, 'localhost:5000/app:c').status).toBe(0)
    const format = '{{.Repository}}:{{.Tag}} {{.ID}}'
    const theirs = docker('images', '--no-trunc', '--format', format).stdout.trim().split('\n')
    const ours: string[] = []
    for (const repository of await opened.store.repositories()) {
      for (const tag of (await opened.store.tags(repository)) ?? []) {
        const found = await opened.store.resolve(repository, tag)
        const name = repository.replace(/^library\//, '').replace('_5000/', ':5000/')
        ours.push(`${name}:${tag} ${found?.digest}`)
      }
    }
    expect(ours.toSorted()).toEqual(theirs.toSorted())
    expect(ours).toContain(`registry.example:5000/team/app:a ${made.id}`)
    await end(made)
    await end(other)
  })

  it('moves a name silently, and leaves what had it without one', async () => {
    const [before, after] = [await make({ names: 1 }), await make({ names: 1 })]
    const [repository = '', tag = ''] = before.one.split(':')
    await opened.store.tagImage(after.id, repository, tag)
    expect(docker('image', 'inspect', '-f', '{{.Id}}', before.one).stdout.trim()).toBe(after.id)
    expect(docker('image', 'inspect', '-f', '{{len .RepoTags}}', before.id).stdout.trim()).toBe('0')
    await end(before)
    await end(after)
  })
}
