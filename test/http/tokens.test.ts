import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import type { HostRequest } from '../../src/http/host.ts'
import { openHost, serve, until } from '../support/http.ts'

function give(response: ServerResponse): void {
  response.end(JSON.stringify({ token: 'a-token' }))
}

it('a token that one does not want any more is had by the other that waits for it', async () => {
  const held: ServerResponse[] = []
  await using server = await serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://registry.test')
    const realm = `http://${request.headers.host}/token`
    if (url.searchParams.get('scope')?.includes(':held:')) held.push(response)
    else if (url.pathname === '/token') give(response)
    else if (request.headers.authorization === 'Bearer a-token') response.end()
    else response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end()
  })
  await using host = await openHost(server.url)
  const get = (repository: string): HostRequest => ({
    method: 'GET',
    url: new URL(`/v2/${repository}/tags/list`, server.url),
    scopes: [`repository:${repository}:pull`],
  })
  await host.send(get('first'))

  const stop = new AbortController()
  const one = host.send(get('held'), { signal: stop.signal })
  const other = host.send(get('held'))
  await until(() => held.length === 1)
  stop.abort()
  await expect(one).rejects.toMatchObject({ name: 'AbortError' })
  await until(() => held.length === 2)
  give(held[1]!)
  expect(await other).toMatchObject({ status: 200 })
})
