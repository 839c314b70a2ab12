/** Engines that do what they should not when they are asked to build. */
import type http from 'node:http'
import { expect, it } from 'vitest'
import { isAbort } from '../../src/errors.ts'
import { startFakeEngine } from '../fakes/engine.ts'
import { listen, makeContext, openWorkshop, requestOf } from '../support/building.ts'

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void

async function build(answer: Answer, signal?: AbortSignal) {
  await using engine = await startFakeEngine({
    keeps: 'classic',
    fault(request, response) {
      const path = request.url ?? ''
      if (path.includes('/build?')) answer(request, response)
      else if (request.method === 'DELETE') response.writeHead(404).end('{"message":"none"}')
      else if (path.includes('/json?all=1')) response.end('[]')
      else return false
      return true
    },
  })
  await using workshop = await openWorkshop('docker', { env: { DOCKER_HOST: engine.host } })
  await using context = await makeContext({ file: 'text' })
  const request = requestOf('FROM scratch\nCOPY file /\n', context.folder, {
    platform: { os: 'linux', architecture: 'amd64' },
  })
  const { lines, onLine } = listen()
  const error: unknown = await workshop.builder.build(request, { signal, onLine }).then(
    () => 'built',
    (reason: unknown) => reason,
  )
  return { error, lines, requests: engine.requests }
}

/** Once all of the context has come. */
const saying =
  (status: number, body: string): Answer =>
  (request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(body))
  }

it.each([
  [
    'says an error in a success',
    saying(
      200,
      '{"stream":"Step 2/2 : COPY file /\\n"}\r\n{"errorDetail":{"message":"no"},"error":"no"}\r\n',
    ),
    'Dockerfile:2: COPY file /: docker says: no',
  ],
  [
    'says nothing',
    saying(200, ''),
    'the build of worker: docker says: docker ended without an image',
  ],
  [
    'is no engine',
    saying(200, '<html>'),
    'what the engine answers to a build is no message of one',
  ],
  [
    'refuses the Dockerfile',
    saying(400, '{"message":"dockerfile parse error line 1"}'),
    expect.stringMatching(/^the build of worker: docker says: .*dockerfile parse error line 1$/),
  ],
])('fails where it %s', async (_, answer, message) => {
  const { error, requests } = await build(answer)
  expect(error).toMatchObject({ code: 'BUILD_FAILED', message })
  // the name that the image would have had
  expect(requests.filter(line => /^DELETE .*waybill-build:\w+-built\?/.test(line))).toHaveLength(1)
})

it('fails where it breaks off', async () => {
  const { error, lines } = await build((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200)
      response.write('{"stream":"hello\\n"}\r\n', () => response.destroy())
    })
  })
  expect(error).toMatchObject({ code: 'STORE_UNREACHABLE' })
  expect(lines).toEqual([{ text: 'hello' }])
})

it('is given up where it hangs', async () => {
  const stop = new AbortController()
  const { error } = await build(request => {
    request.resume().on('end', () => stop.abort())
  }, stop.signal)
  expect(isAbort(error)).toBe(true)
})

it('is no builder where it is not there, or is podman', async () => {
  await using workshop = await openWorkshop('docker', { env: { DOCKER_HOST: 'unix:///nowhere' } })
  expect(await workshop.builder.probe()).toMatchObject({
    missing: expect.stringContaining('cannot be reached at unix:///nowhere'),
    hint: expect.stringContaining('is the engine running?'),
  })
  await using engine = await startFakeEngine({ headers: { 'libpod-api-version': '4.3.1' } })
  await using other = await openWorkshop('docker', { env: { DOCKER_HOST: engine.host } })
  expect(await other.builder.probe()).toMatchObject({
    missing: 'what answers as docker is podman, which builds in another way',
  })
})
