import { InputError } from '../errors.ts'
import { openBenchFor, platformFlag, tableLook } from './bench.ts'
import type { Command } from './command.ts'
import { isSet, textFlag } from './flags.ts'
import {
  noTruncOption,
  outputOption,
  platformOption,
  quietOption,
  storeOptions,
} from './image-options.ts'

export const history: Command = {
  summary: 'Show how an image came about, the newest first.',
  positionals: [{ name: 'REF', help: 'a name, or the start of an id', required: true }],
  options: {
    ...storeOptions,
    platform: platformOption,
    'no-trunc': noTruncOption,
    quiet: quietOption,
    human: { type: 'boolean', short: 'H', help: 'Sizes and ages in units, which is the default.' },
    'no-human': { type: 'boolean', help: 'Sizes in bytes, and times as they are written.' },
    output: outputOption,
  },
  details: `
The sizes are those of the layers as they are stored, mostly compressed.

Examples:
  waybill history mysql:5.7
  waybill history mysql:5.7 --no-trunc --no-human
`,

  async run({ flags, args: [text = ''] }, shell) {
    const { stdout, signal } = shell
    const human = !isSet(flags, 'no-human')
    if (!human && isSet(flags, 'human')) {
      throw new InputError('BAD_ARGUMENT', '--human and --no-human exclude each other')
    }
    const { historyOf } = await import('../images/history.ts')
    const { describeHistory, historyIds } = await import('../report/history.ts')
    const platform = await platformFlag(flags)
    await using bench = await openBenchFor(flags, shell)
    const found = await historyOf(text, platform, bench, { signal })
    const noTrunc = isSet(flags, 'no-trunc')
    if (textFlag(flags, 'output') === 'json') {
      const { id, rows } = found
      stdout.write(`${JSON.stringify({ formatVersion: '1.0', id, history: rows }, null, 2)}\n`)
    } else if (isSet(flags, 'quiet')) {
      stdout.write(
        historyIds(found, noTrunc)
          .map(id => `${id}\n`)
          .join(''),
      )
    } else {
      stdout.write(describeHistory(found, { ...tableLook(shell), noTrunc, human }))
    }
    return 0
  },
}
