import { Readable } from 'node:stream'
import { toError } from '../errors.ts'

const WINDOW = 256 * 1024

/**
 * One source read once for several readers. The slowest reader sets the pace; one that is
 * destroyed drops out alone; without readers the source is destroyed. Its error is everybody's.
 */
export function fanOut(source: Readable, readers: number): readonly Readable[] {
  if (readers === 1) return [source]
  const open = new Set<Readable>()
  const full = new Set<Readable>()

  const flow = () => {
    if (open.size === 0) source.destroy()
    else if (full.size === 0) source.resume()
  }
  const readable = (): Readable => {
    const reader: Readable = new Readable({
      highWaterMark: WINDOW,
      read() {
        if (full.delete(reader)) flow()
      },
      destroy(error, done) {
        open.delete(reader)
        full.delete(reader)
        flow()
        done(error)
      },
    })
    open.add(reader)
    return reader
  }

  const outputs = Array.from({ length: readers }, readable)
  source.on('data', (chunk: Buffer) => {
    for (const reader of open) if (!reader.push(chunk)) full.add(reader)
    if (full.size > 0) source.pause()
  })
  source.on('end', () => {
    for (const reader of open) reader.push(null)
  })
  source.on('error', error => {
    for (const reader of open) reader.destroy(toError(error))
  })
  return outputs
}
