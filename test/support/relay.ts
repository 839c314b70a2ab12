/** A relay between clients and one server that cuts connections where a test wants it to. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string
  /** Cuts the connection that carries the byte after so many more to the server have passed. */
  cutAfter(bytes: number): void
  /** Connections cut so far. */
  readonly cuts: number
}

export async function startRelay(target: string): Promise<Relay> {
  const url = new URL(`tcp://${target}`)
  const open = new Set<Socket>()
  let left = Infinity
  let cuts = 0

  const server = createServer({ allowHalfOpen: true, noDelay: true }, client => {
    const upstream = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket)).on('error', () => socket.destroy())
    }
    // after a cut, what has passed still arrives
    client.once('close', () => upstream.writableEnded || upstream.destroy())
    upstream.once('close', () => client.destroy())
    upstream.pipe(client)
    client.on('data', (chunk: Buffer) => {
      const passed = chunk.subarray(0, Math.min(chunk.length, left))
      left -= chunk.length
      if (!upstream.write(passed)) {
        client.pause()
        upstream.once('drain', () => client.resume())
      }
      if (left >= 0) return
      left = Infinity
      cuts += 1
      upstream.end()
      client.resetAndDestroy()
    })
    client.on('end', () => upstream.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    host: `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    cutAfter(bytes) {
      left = bytes
    },
    get cuts() {
      return cuts
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
