/** A relay on a local socket that counts what goes to the server, and cuts where a test wants it to. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SocketRelay extends AsyncDisposable {
  /** `unix:///…` */
  readonly host: string
  /** Bytes to the server so far. */
  readonly sent: number
  /** Cuts the connection that carries the byte after so many more to the server. */
  cutAfter(bytes: number): void
}

export async function startSocketRelay(target: string): Promise<SocketRelay> {
  const folder = await mkdtemp(join(tmpdir(), 'wb-relay-'))
  const path = join(folder, 'r.sock')
  const open = new Set<Socket>()
  let sent = 0
  let left = Infinity
  const server = createServer(client => {
    const upstream = connect(target)
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket)).on('error', () => socket.destroy())
    }
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.destroy())
    client.on('data', (chunk: Buffer) => {
      sent += chunk.length
      left -= chunk.length
      if (left >= 0) return
      left = Infinity
      client.destroy()
    })
    client.pipe(upstream).pipe(client)
  }).listen(path)
  await once(server, 'listening')
  return {
    host: `unix://${path}`,
    get sent() {
      return sent
    },
    cutAfter(bytes) {
      left = bytes
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
      await rm(folder, { recursive: true, force: true })
    },
  }
}
