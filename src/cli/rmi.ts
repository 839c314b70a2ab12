import { WaybillError } from '../errors.ts'
import type { Discards } from '../images/discard.ts'
import type { Removed } from '../images/remove.ts'
import { openBenchFor } from './bench.ts'
import type { Command, Shell } from './command.ts'
import { exitCodeOf, worstOf } from './exit-codes.ts'
import { isSet, textFlag } from './flags.ts'
import { outputOption, storeOptions } from './image-options.ts'

export const rmi: Command = {
  summary: 'Remove images, or names of them.',
  positionals: [{ name: 'REF', help: 'names, or starts of ids', required: true, multiple: true }],
  options: {
    ...storeOptions,
    force: {
      type: 'boolean',
      short: 'f',
      help: 'All names of an image given by its id; of an engine, those of one that stopped containers use, too. What is not there is no failure.',
    },
    'no-prune': {
      type: 'boolean',
      help: 'Free nothing: "waybill sweep" does that later. Of an engine, leave what the image was built on.',
    },
    output: outputOption,
  },
  details: `
A name of several goes alone. With the last one the image goes, and everything that no other image needs. An id with several names is refused without -f. A registry removes names where it can; what it keeps is its own to free.

An engine refuses what containers need, and the refusal names them. Containers are never removed.

Examples:
  waybill rmi mysql:5.7
  waybill rmi -f 3f2c1ab0
`,

  async run({ flags, args }, shell) {
    const { removeImage } = await import('../images/remove.ts')
    const { describeError } = await import('../report/errors.ts')
    const { stdout, stderr, signal } = shell
    const isJson = textFlag(flags, 'output') === 'json'
    const force = isSet(flags, 'force')
    const removal = { force, keepBlobs: isSet(flags, 'no-prune') }
    const all: (Removed | Discards)[] = []
    const codes = [0]
    await using bench = await openBenchFor(flags, shell)
    for (const text of args) {
      try {
        const removed = await removeImage(text, removal, bench, { signal })
        all.push(removed)
        if (!isJson) await tell(removed, shell)
      } catch (error) {
        if (!(error instanceof WaybillError)) throw error
        stderr.write(describeError(error, { color: stderr.color }))
        if (!force || error.code !== 'CONTENT_MISSING') codes.push(exitCodeOf(error, signal))
      }
    }
    if (isJson) {
      const removed = await Promise.all(all.map(encoded))
      stdout.write(`${JSON.stringify({ formatVersion: '1.0', removed }, null, 2)}\n`)
    }
    return worstOf(...codes)
  },
}

/** The same keys whatever removed it; an engine does not tell sizes. */
async function encoded(removed: Removed | Discards): Promise<object> {
  if (!('discarded' in removed)) return removed
  const { lostName } = await import('../images/discard.ts')
  const of = (kind: string) => removed.discarded.filter(one => one.kind === kind)
  return {
    store: removed.store,
    untagged: of('untagged').map(({ what }) => lostName(what)),
    deleted: of('deleted').map(({ what }) => ({ digest: what })),
    left: [],
  }
}

async function tell(removed: Removed | Discards, { stdout, stderr }: Shell): Promise<void> {
  if ('discarded' in removed) {
    for (const { kind, what } of removed.discarded) {
      stdout.write(`${kind === 'untagged' ? 'Untagged' : 'Deleted'}: ${what}\n`)
    }
    return
  }
  const { untagged, deleted, left } = removed
  const { formatName } = await import('../images/names.ts')
  const { sizeOf } = await import('../stores/sweepable.ts')
  const { count, formatBytes } = await import('../report/units.ts')
  const lines = [
    ...untagged.map(name => `Untagged: ${formatName(name)}`),
    ...deleted.map(({ digest }) => `Deleted: ${digest}`),
  ]
  stdout.write(lines.map(line => `${line}\n`).join(''))
  if (deleted.length > 0) stderr.write(`freed ${formatBytes(sizeOf(deleted))}\n`)
  if (left.length > 0) {
    const blobs = count(left.length, 'blob')
    stderr.write(`${blobs} stay: others are writing there; "waybill sweep" frees them later\n`)
  }
}
