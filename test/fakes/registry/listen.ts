import http from 'node:http'
import https from 'node:https'

export interface Listening {
  /** `127.0.0.1:port` */
  readonly host: string
  readonly url: string
  close(): Promise<void>
}

/** On a port of its own; speaks TLS where it is told how. */
export async function listen(
  listener: http.RequestListener,
  tls?: https.ServerOptions,
): Promise<Listening> {
  // longer than any test: a connection that idles out between two requests looks like a fault
  const keepAliveTimeout = 120_000
  const server = tls
    ? https.createServer({ ...tls, keepAliveTimeout }, listener)
    : http.createServer({ keepAliveTimeout }, listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    host,
    url: `${tls ? 'https' : 'http'}://${host}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
