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
import { templateFlag } from './template.ts'

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
    format: {
      type: 'string',
      value: 'TEMPLATE',
      help: "Lines as a Go template has them: '{{.CreatedBy}}', 'table {{.ID}}\\t{{.Size}}'; or json.",
    },
    output: outputOption,
  },
  details: `
The sizes are those of the layers as they are stored, mostly compressed; an engine's are unpacked.

Examples:
  waybill history mysql:5.7
  waybill history mysql:5.7 --no-trunc --no-human
  waybill history mysql:5.7 --format '{{.Size}} {{.CreatedBy}}'
`,

  async run({ flags, args: [text = ''] }, shell) {
    const { stdout, signal } = shell
    const human = !isSet(flags, 'no-human')
    if (!human && isSet(flags, 'human')) {
      throw new InputError('BAD_ARGUMENT', '--human and --no-human exclude each other')
    }
    const { historyOf } = await import('../images/history.ts')
    const { describeHistory, formatHistory, historyIds } = await import('../report/history.ts')
    const template = await templateFlag(flags)
    const platform = await platformFlag(flags)
    await using bench = await openBenchFor(flags, shell)
    const found = await historyOf(text, platform, bench, { signal })
    const noTrunc = isSet(flags, 'no-trunc')
    const look = { ...tableLook(shell), noTrunc, human }
    if (textFlag(flags, 'output') === 'json') {
      const { id, rows } = found
      stdout.write(`${JSON.stringify({ formatVersion: '1.0', id, history: rows }, null, 2)}\n`)
    } else if (template) {
      stdout.write(formatHistory(found, template, look))
    } else if (isSet(flags, 'quiet')) {
      stdout.write(
        historyIds(found, noTrunc)
          .map(id => `${id}\n`)
          .join(''),
      )
    } else {
      stdout.write(describeHistory(found, look))
    }
    return 0
  },
}
