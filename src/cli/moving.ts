/** What pull, push and copy share: they tell of each image when it begins and when it is there. */
import { WaybillError } from '../errors.ts'
import type { Bench } from '../images/bench.ts'
import type { Moved, Wish } from '../images/transfer.ts'
import { openBenchFor, platformFlag } from './bench.ts'
import type { Flags, Shell } from './command.ts'
import { exitCodeOf, worstOf } from './exit-codes.ts'
import { isSet, textFlag } from './flags.ts'

export interface Moving {
  readonly flags: Flags
  readonly shell: Shell
  /** One body for each image that is named; one that fails does not hold up the others. */
  readonly moves: readonly ((wish: Wish, bench: Bench) => Promise<void>)[]
  /** Lines for stdout. */
  readonly said: (moved: Moved) => readonly string[]
}

export async function runMoves({ flags, shell, moves, said }: Moving): Promise<number> {
  const { stdout, stderr, signal } = shell
  const { describeError } = await import('../report/errors.ts')
  const { moveName } = await import('../report/names.ts')
  const { formatReference } = await import('../oci/reference.ts')
  const platform = await platformFlag(flags)
  const quiet = isSet(flags, 'quiet')
  const isJson = textFlag(flags, 'output') === 'json'
  const done: Moved[] = []
  const wish: Wish = {
    allTags: isSet(flags, 'all-tags'),
    platforms: platform ? [platform] : [],
    onStart(from, to) {
      if (!quiet) stderr.write(`${moveName(formatReference(from), formatReference(to))}\n`)
    },
    onDone(moved) {
      done.push(moved)
      if (!isJson)
        stdout.write(
          said(moved)
            .map(line => `${line}\n`)
            .join(''),
        )
      if (!quiet) stderr.write(volumeOf(moved))
    },
  }
  const codes = [0]
  await using bench = await openBenchFor(flags, shell)
  for (const move of moves) {
    try {
      await move(wish, bench)
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error
      stderr.write(describeError(error, { color: stderr.color }))
      codes.push(exitCodeOf(error, signal))
    }
  }
  if (isJson) stdout.write(encode(done, formatReference))
  return worstOf(...codes)
}

function volumeOf({ result, blobs, fetched, replaced }: Moved): string {
  if (result === 'unchanged') return ''
  const already = `${blobs - fetched} of ${blobs} blobs were there already`
  return `${already}${replaced === undefined ? '' : `; it was ${replaced} until now`}\n`
}

function encode(moved: readonly Moved[], format: (reference: Moved['from']) => string): string {
  const images = moved.map(({ from, to, content, ...rest }) => ({
    from: format(from),
    to: format(to),
    digest: content.digest,
    ...rest,
  }))
  return `${JSON.stringify({ formatVersion: '1.0', images }, null, 2)}\n`
}
