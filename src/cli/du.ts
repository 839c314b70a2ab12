import { StoreError } from '../errors.ts'
import { openBenchFor, tableLook } from './bench.ts'
import type { Command } from './command.ts'
import { isSet, textFlag } from './flags.ts'
import { outputOption, storeOptions } from './image-options.ts'
import { tellProblems } from './problems.ts'

export const du: Command = {
  summary: 'Show what takes up a store, by what holds it.',
  positionals: [],
  options: {
    ...storeOptions,
    blobs: { type: 'boolean', help: 'One line for each blob, with the images that need it.' },
    output: outputOption,
  },
  details: `
What images share is there once. "ITS OWN" is what removing an image would free. An engine counts as docker's "system df" does: in layers, unpacked.

Examples:
  waybill du
  waybill du --blobs
  waybill du --store docker
`,

  async run({ flags }, shell) {
    const { usageOf } = await import('../images/usage.ts')
    const { describeUsage, encodeUsage } = await import('../report/usage.ts')
    const { stdout, signal } = shell
    await using bench = await openBenchFor(flags, shell)
    const usage = await usageOf(bench, { signal })
    if (isSet(flags, 'blobs') && usage.blobs === undefined) {
      throw new StoreError('STORE_UNSUPPORTED', `${usage.store} does not tell of single layers`, {
        hint: 'without --blobs it shows what each image shares',
      })
    }
    const look = { ...tableLook(shell), blobs: isSet(flags, 'blobs') }
    const isJson = textFlag(flags, 'output') === 'json'
    stdout.write(isJson ? encodeUsage(usage) : describeUsage(usage, look))
    return tellProblems(
      usage.images.map(({ image }) => image),
      shell,
    )
  },
}
