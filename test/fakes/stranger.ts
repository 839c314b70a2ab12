/**
 * Another site than the registry's, that a registry sends us to. It has all that the registry has,
 * asks nobody who they are, and takes down all that it is sent.
 */
import type https from 'node:https'
import { TLSSocket } from 'node:tls'
import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import type { Answer, Asked } from './registry/answer.ts'
import { createGuard } from './registry/auth.ts'
import { listen } from './registry/listen.ts'
import { createServing } from './registry/serving.ts'

export interface Stranger extends AsyncDisposable {
  /** By another name than fakes have: `http://localhost:port`. */
  readonly url: string
  readonly host: string
  /** By the name that fakes have: `http://127.0.0.1:port`. */
  readonly sameName: string
  /** Requests for tokens too. */
  readonly requests: number
  /** Every head and body that came, as one text. */
  heard(): string
  /** Whose certificates clients showed. */
  readonly certificates: readonly string[]
}

export interface StrangerOptions {
  /** What it says, where it does not say what the registry would. */
  readonly answer?: (asked: Asked) => Answer | undefined | Promise<Answer | undefined>
  readonly tls?: https.ServerOptions
}

export async function startStranger(
  registry: { handle(asked: Asked): Promise<Answer> },
  { answer = () => undefined, tls }: StrangerOptions = {},
): Promise<Stranger> {
  const heard: string[] = []
  const certificates: string[] = []
  let requests = 0
  const serving = createServing({
    guard: createGuard(undefined, () => ''),
    fault: undefined,
    showAuthorization: true,
    async handle(asked) {
      const body = await buffer(asked.body)
      heard.push(body.toString('latin1'))
      const other = { ...asked, body: Readable.from([body]) }
      return (await answer(other)) ?? registry.handle(other)
    },
  })
  const server = await listen((request, response) => {
    requests += 1
    heard.push(`${request.method} ${request.url}`, ...request.rawHeaders)
    if (request.socket instanceof TLSSocket) {
      certificates.push(request.socket.getPeerCertificate().subject?.CN?.toString() ?? '')
    }
    serving.listener(request, response)
  }, tls)
  const elsewhere = (text: string) => text.replace('127.0.0.1', 'localhost')
  return {
    host: elsewhere(server.host),
    url: elsewhere(server.url),
    sameName: server.url,
    certificates,
    get requests() {
      return requests
    },
    heard: () => heard.join('\n'),
    [Symbol.asyncDispose]: () => server.close(),
  }
}
