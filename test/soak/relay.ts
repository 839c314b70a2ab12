/** A wire to a registry on which every piece that passes, either way, is told of. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Relay extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string
  /** Once the registry has closed its end of every wire: it is done with all that it was asked. */
  quiet(): Promise<void>
}

export async function startRelay(target: string, onPiece: () => void): Promise<Relay> {
  const [host = '', port = ''] = target.split(':')
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, client => {
    const upstream = connect({ host, port: Number(port), noDelay: true })
    open.add(upstream)
    client.on('data', onPiece).pipe(upstream)
    upstream.on('data', onPiece).pipe(client)
    client.on('error', () => client.destroy())
    upstream.on('error', () => upstream.destroy())
    upstream.on('close', () => (open.delete(upstream), client.destroy()))
    // who asked is gone: the registry is to notice, and whatever it still says goes nowhere
    client.on('close', () => upstream.unpipe(client).resume().end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const quiet = async () => {
    await Promise.all([...open].map(socket => once(socket, 'close')))
  }
  return {
    host: `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    quiet,
    async [Symbol.asyncDispose]() {
      server.close()
      await quiet()
    },
  }
}
