/** Commands on engines that are not docker's usual one, or not all of it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { sendJson, startFakeEngine, type FakeEngineOptions } from '../fakes/engine.ts'
import { idOf, world } from '../images/world.ts'
import { openEngineStore } from '../support/engine-store.ts'
import { makeImage } from '../support/images.ts'
import { writeTestImage } from '../support/put-image.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An engine with an image under two names, and what it answers otherwise. */
async function withEngine(
  answers: Readonly<Record<string, Answer>> = {},
  options: FakeEngineOptions = {},
) {
  const engine = await startFakeEngine({
    ...options,
    fault: (request, response) => {
      const asked = `${request.method} ${(request.url ?? '').replace(/^\/v1\.\d+/, '')}`
      const [, answer] = Object.entries(answers).find(([start]) => asked.startsWith(start)) ?? []
      answer?.(request, response)
      return answer !== undefined
    },
  })
  const w = await world()
  const image = await makeImage({ seed: 'a' })
  {
    await using opened = await openEngineStore({ host: engine.host })
    await writeTestImage(opened.store, 'app', image, ['1', '2'])
  }
  const env = { HOME: w.folder, DOCKER_HOST: engine.host }
  return {
    image,
    engine,
    run: (line: string) => w.run(`${line} --store docker`, { env }),
    async [Symbol.asyncDispose]() {
      await w[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
}

const json =
  (status: number, value: unknown): Answer =>
  (_, response) =>
    sendJson(response, status, value)

it('images of containerd’s store are listed by their manifests, with nothing read', async () => {
  const usage = { LayersSize: 5, Images: [] }
  await using w = await withEngine({ 'GET /system/df?type=image': json(200, usage) })
  expect(await w.run('images --format {{.Repository}}:{{.Tag}}-{{.ID}}')).toEqual({
    code: 0,
    out: `docker.io/library/app:1-${idOf(w.image)}\ndocker.io/library/app:2-${idOf(w.image)}\n`,
    err: '',
  })
  expect((await w.run('images')).out).toBe(
    'REPOSITORY  TAG  IMAGE ID  CREATED  SIZE\n\n0 images in docker, 0 B\n',
  )
  expect(w.engine.requests.filter(request => /\/get\b/.test(request))).toEqual([])
})

it('images are listed though the engine keeps what they take up to itself', async () => {
  await using w = await withEngine({ 'GET /system/df': json(403, { message: 'not for you' }) })
  expect(await w.run('images')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/1 image in docker, 0 B\n$/),
  })
  expect(await w.run('du')).toMatchObject({
    code: 1,
    err: expect.stringContaining('docker answered 403 to telling what its images take up'),
  })
})

it('images are no list where the engine fails', async () => {
  await using w = await withEngine({ 'GET /system/df': json(500, { message: 'broken' }) })
  expect(await w.run('images')).toMatchObject({ code: 1, out: '' })
})

it('prune says nothing of what was freed where the engine does not', async () => {
  const gone: string[] = []
  await using w = await withEngine({
    'GET /system/df': json(403, {}),
    'GET /containers/json': json(200, []),
    'DELETE /images/': (request, response) => {
      gone.push(request.url ?? '')
      sendJson(response, 200, [{ Untagged: 'x' }])
    },
  })
  expect(await w.run('prune -a -f')).toEqual({
    code: 0,
    out: 'Deleted Images:\nuntagged: x\nuntagged: x\n',
    err: '',
  })
  expect(gone.map(url => url.replace(/.*\/images\//, ''))).toEqual([
    'docker.io/library/app:1?force=0&noprune=0',
    'docker.io/library/app:2?force=0&noprune=0',
  ])
})

it('prune goes on where the engine refuses one, and leaves what containers use', async () => {
  const refuse = { message: 'conflict: image is being used by a container' }
  await using w = await withEngine({
    'GET /system/df': json(403, {}),
    'GET /containers/json': json(200, []),
    'DELETE /images/': json(409, refuse),
  })
  expect(await w.run('prune -a -f')).toMatchObject({ code: 1, err: expect.stringContaining('409') })
  const { digest } = w.image.manifest
  const used = [{ Id: 'c'.repeat(64), Names: ['/c'], ImageID: digest, State: 'exited' }]
  await using other = await withEngine({
    'GET /system/df': json(403, {}),
    'GET /containers/json': json(200, used),
  })
  expect(await other.run('prune -a -f')).toEqual({ code: 0, out: '', err: '' })
  await using deaf = await withEngine({ 'GET /containers/json': json(500, { message: 'broken' }) })
  expect(await deaf.run('prune -a -f')).toMatchObject({ code: 1, out: '' })
  expect(deaf.engine.requests.filter(request => request.startsWith('DELETE'))).toEqual([])
})

it('commit tells of an engine that does not say what it made', async () => {
  await using w = await withEngine({ 'POST /commit?': json(201, { Id: 'what' }) })
  expect(await w.run('commit c app:3')).toMatchObject({
    code: 1,
    err: expect.stringContaining('docker made an image, and does not say which'),
  })
})

it('an engine is pruned, and not swept', async () => {
  await using w = await withEngine()
  expect(await w.run('sweep')).toEqual({
    code: 1,
    out: '',
    err: 'error: docker frees what nothing needs by itself\nhint: "waybill prune --store docker" removes images without a name\n',
  })
})
