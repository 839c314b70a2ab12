/** The Engine API with nothing of ours in between, for tests to see what an engine really has. */
import { once } from 'node:events'
import http from 'node:http'
import { json, text } from 'node:stream/consumers'

export interface EngineAnswer {
  readonly status: number
  readonly body: string
}

export interface EngineClient extends Disposable {
  request(method: string, path: string, body?: Buffer | object): Promise<EngineAnswer>
  /** The body of a success, as JSON. */
  get(path: string): Promise<unknown>
}

export function openEngineClient(socketPath: string): EngineClient {
  const agent = new http.Agent({ keepAlive: true })

  async function send(method: string, path: string, body?: Buffer | object) {
    const bytes = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json'
    const headers = { host: 'docker', ...(bytes !== undefined && { 'content-type': type }) }
    const request = http.request({ agent, socketPath, method, path, headers })
    request.end(bytes)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    return response
  }

  return {
    async request(method, path, body) {
      const response = await send(method, path, body)
      return { status: response.statusCode ?? 0, body: await text(response) }
    },
    async get(path) {
      const response = await send('GET', path)
      if (response.statusCode !== 200) throw new Error(`${path}: ${await text(response)}`)
      return json(response)
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}
