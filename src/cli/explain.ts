import type { Command } from './command.ts'
import { textFlag } from './flags.ts'
import { lockOptions, manifestOptions, outputOptions, runOptions, trustOptions } from './options.ts'
import { openFromFlags, openProgress, openRunSignal } from './session.ts'

const { verbose: _verbose, ...results } = outputOptions

export const explain: Command = {
  summary: 'Show which tags of an image are taken, and why not the others.',
  positionals: [
    {
      name: 'IMAGE',
      help: 'its name in the manifest, where it comes from, or where it goes: alpine, quay.io/acme/app:1.2.',
      required: true,
    },
  ],
  options: { ...manifestOptions, ...lockOptions, ...trustOptions, ...runOptions, ...results },
  details: `
Every tag that the source lists is told of: whether it is taken, excluded, older than those wanted, or not matched, and by which rule. Of an image whose tags are all named, nothing is looked up.

Examples:
  waybill explain alpine
  waybill explain alpine:3.20.1
  waybill explain alpine --output json
`,

  async run({ flags, args: [wanted = ''] }, shell) {
    using run = openRunSignal(flags, shell)
    using progress = await openProgress(flags, shell)
    await using project = await openFromFlags(flags, shell, progress.onEvent, run.signal)
    const images = await project.explain(wanted, { signal: run.signal })
    progress.stop()

    const { stdout } = shell
    if (textFlag(flags, 'output') === 'json') {
      stdout.write(`${JSON.stringify({ formatVersion: '1.0', images }, null, 2)}\n`)
      return 0
    }
    const { describeExplanations } = await import('../report/explanation.ts')
    const { columns, color } = stdout
    stdout.write(describeExplanations(images, { ...(stdout.isTTY && { columns }), color }))
    return 0
  },
}
