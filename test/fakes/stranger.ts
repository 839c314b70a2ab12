/**
 * Another site than the registry's, that a registry sends us to. It has all that the registry has,
 * asks nobody who they are, and takes down all that it is sent.
 */
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
  /** Requests for tokens too. */
  readonly requests: number
  /** Every head and body that came, as one text. */
  heard(): string
}

/** `answer`: what it says, where it does not say what `registry` would. */
export async function startStranger(
  registry: { handle(asked: Asked): Promise<Answer> },
  answer: (asked: Asked) => Answer | undefined = () => undefined,
): Promise<Stranger> {
  const heard: string[] = []
  let requests = 0
  const serving = createServing({
    guard: createGuard(undefined, () => ''),
    fault: undefined,
    showAuthorization: true,
    async handle(asked) {
      const body = await buffer(asked.body)
      heard.push(body.toString('latin1'))
      const other = { ...asked, body: Readable.from([body]) }
      return answer(other) ?? registry.handle(other)
    },
  })
  const server = await listen((request, response) => {
    requests += 1
    heard.push(`${request.method} ${request.url}`, ...request.rawHeaders)
    serving.listener(request, response)
  })
  const host = server.host.replace('127.0.0.1', 'localhost')
  return {
    host,
    url: `http://${host}`,
    get requests() {
      return requests
    },
    heard: () => heard.join('\n'),
    [Symbol.asyncDispose]: () => server.close(),
  }
}
