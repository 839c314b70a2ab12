/**
 * Docker Hub's search API in the test's own process: `GET /v1/search?q=&n=&page=`, where the words
 * are in a name or a description, with pages of at most 100 and a 404 behind the last.
 */
import http from 'node:http'
import https from 'node:https'
import { serve, type Served } from '../support/http.ts'

export interface HubImage {
  readonly name: string
  readonly description?: string | null
  readonly star_count?: number
  readonly is_official?: boolean
  readonly is_automated?: boolean
}

export interface FakeHubOptions {
  /** Most results on a page, whatever `n` asks for. */
  readonly pageSize?: number
  /** Says this instead; `undefined` lets it go well. `nth` counts requests from 1. */
  readonly instead?: (nth: number) => HubAnswer | undefined
  readonly tls?: https.ServerOptions
}

export interface HubAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface FakeHub extends Served {
  /** The path and query of each request. */
  asked(): readonly string[]
}

export async function startFakeHub(
  images: readonly HubImage[],
  { pageSize = 100, instead = () => undefined, tls }: FakeHubOptions = {},
): Promise<FakeHub> {
  const server = tls ? https.createServer(tls) : http.createServer()
  const served = await serve((request, response, nth) => {
    const answer =
      instead(nth) ?? search(images, new URL(request.url ?? '', 'http://hub'), pageSize)
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body)
  }, server)
  return Object.assign(served, { asked: () => served.requests.map(({ url }) => url ?? '') })
}

function search(
  images: readonly HubImage[],
  { pathname, searchParams }: URL,
  pageSize: number,
): HubAnswer {
  if (pathname !== '/v1/search') return { status: 404, body: '{"message":"not found"}' }
  const query = searchParams.get('q') ?? ''
  const size = Math.min(Number(searchParams.get('n') ?? 25), pageSize)
  const page = Number(searchParams.get('page') ?? 1)
  const found = images.filter(({ name, description }) =>
    `${name} ${description ?? ''}`.includes(query),
  )
  const pages = Math.ceil(found.length / size)
  if (page > Math.max(1, pages)) return { status: 404, body: '{"message":"no such page"}' }
  const results = found.slice((page - 1) * size, page * size).map(image => ({
    description: '',
    star_count: 0,
    is_official: false,
    is_trusted: false,
    is_automated: false,
    ...image,
  }))
  const told = { num_pages: pages, num_results: found.length, page_size: size, page, query }
  return { status: 200, body: JSON.stringify({ ...told, results }) }
}

/** `count` of them that `word` finds, the most stars first; every hundredth is official. */
export function hubImages(count: number, word = 'redis'): readonly HubImage[] {
  return Array.from({ length: count }, (_, at) => ({
    name: at === 0 ? word : `user${at}/${word}-${at}`,
    description: `${word} number ${at}`,
    star_count: count - at,
    is_official: at % 100 === 0,
  }))
}
