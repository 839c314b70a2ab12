import { openBenchFor } from './bench.ts'
import type { Command } from './command.ts'
import { parseDuration } from './duration.ts'
import { isSet, textFlag } from './flags.ts'
import { outputOption, storeOptions } from './image-options.ts'

export const sweep: Command = {
  summary: 'Free what nothing in a store needs any more.',
  positionals: [],
  options: {
    ...storeOptions,
    grace: {
      type: 'string',
      value: 'TIME',
      default: '1h',
      help: 'What is younger stays: another tool may be about to name it.',
    },
    'dry-run': { type: 'boolean', help: 'Only say what would be freed.' },
    output: outputOption,
  },
  details: `
Blobs that no image in the store is made of are removed, such as those of names that moved on or were taken away. While another Waybill writes to the store nothing is. Other tools, such as skopeo, say nothing of their writing: do not sweep beside them.

Examples:
  waybill sweep --dry-run
  waybill sweep --store layout:./images
`,

  async run({ flags }, shell) {
    const graceMs = parseDuration(textFlag(flags, 'grace') ?? '1h', '--grace')
    const dryRun = isSet(flags, 'dry-run')
    const { sweepStore } = await import('../images/sweep.ts')
    const { sizeOf } = await import('../stores/sweepable.ts')
    const { count, formatBytes } = await import('../report/units.ts')
    const { stdout, stderr, signal } = shell
    await using bench = await openBenchFor(flags, shell)
    const { store, removed, left } = await sweepStore({ graceMs, dryRun }, bench, { signal })
    if (textFlag(flags, 'output') === 'json') {
      const document = { formatVersion: '1.0', store: store.name, dryRun, removed, left }
      stdout.write(`${JSON.stringify(document, null, 2)}\n`)
      return 0
    }
    const blobs = (list: typeof removed) =>
      `${count(list.length, 'blob')}, ${formatBytes(sizeOf(list))}`
    stdout.write(`${dryRun ? 'Would free' : 'Freed'} ${blobs(removed)} in ${store.name}\n`)
    if (left.length > 0) {
      stderr.write(`left: ${blobs(left)}, which nothing needs: young, or others are writing\n`)
    }
    return 0
  },
}
