/** Repositories over HTTP on loopback, by git's own program for that, or as files. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { World } from './repositories.ts'

export interface GitServer {
  /** Ends in `/`. */
  readonly url: string
  /** `METHOD path`, as they came. */
  readonly requests: readonly string[]
  /** What each answer to a fetch had, in bytes. */
  readonly sent: readonly number[]
}

export interface GitServerInit {
  /** `user:password`: whoever comes without it is turned away. */
  readonly login?: string
  /** Only the files of a repository, as any web server gives them. */
  readonly isDumb?: boolean
  /** Called at the first request for objects, which is never answered. */
  readonly onStall?: () => void
}

export async function serveGit(
  { folder, env }: World,
  { login, isDumb = false, onStall }: GitServerInit = {},
): Promise<GitServer> {
  const requests: string[] = []
  const sent: number[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const given = request.headers.authorization
    if (login !== undefined && given !== `Basic ${Buffer.from(login).toString('base64')}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    } else if (onStall && request.method === 'POST') {
      onStall()
    } else if (isDumb) {
      void sendFile(join(folder, pathOf(request)), response)
    } else {
      void runBackend({ request, response, env: { ...env, GIT_PROJECT_ROOT: folder } }, sent)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, requests, sent }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return decodeURIComponent(url.split('?')[0] ?? '')
}

async function sendFile(file: string, response: ServerResponse): Promise<void> {
  const bytes = await readFile(file).catch(() => undefined)
  response.writeHead(bytes ? 200 : 404).end(bytes)
}

interface Cgi {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly env: Readonly<Record<string, string>>
}

async function runBackend({ request, response, env }: Cgi, sent: number[]): Promise<void> {
  const { headers, method = '' } = request
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...env,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: method,
      PATH_INFO: pathOf(request),
      QUERY_STRING: request.url?.split('?')[1] ?? '',
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      REMOTE_USER: '',
    },
  })
  // it may end before it has read all
  child.stdin.on('error', () => {})
  request.pipe(child.stdin)
  const chunks: Buffer[] = await child.stdout.toArray()
  const bytes = Buffer.concat(chunks)
  const end = bytes.indexOf('\r\n\r\n')
  for (const line of bytes.subarray(0, end).toString().split('\r\n')) {
    const [name = '', value = ''] = line.split(': ')
    if (name === 'Status') response.statusCode = Number(value.slice(0, 3))
    else response.setHeader(name, value)
  }
  if (method === 'POST') sent.push(bytes.length)
  response.end(bytes.subarray(end + 4))
}
