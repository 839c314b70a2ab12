/** Why everything stops: somebody asked. Known to all as an abort by its name. */
export class Interruption extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM'

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal}`)
    this.name = 'AbortError'
    this.signal = signal
  }
}
