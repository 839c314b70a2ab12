import { InputError, WaybillError } from '../errors.ts'
import type { Inspected } from '../images/inspect.ts'
import { openBenchFor, platformFlag } from './bench.ts'
import type { Command, Flags } from './command.ts'
import { exitCodeOf, worstOf } from './exit-codes.ts'
import { textFlag } from './flags.ts'
import { platformOption, storeOptions } from './image-options.ts'

export const inspect: Command = {
  summary: 'Show all that is known of images, as JSON.',
  positionals: [{ name: 'REF', help: 'names, or starts of ids', required: true, multiple: true }],
  options: {
    ...storeOptions,
    platform: platformOption,
    format: {
      type: 'string',
      short: 'f',
      value: 'TEMPLATE',
      help: "What to print of each, as a Go template: '{{.Size}}', '{{json .Config}}'.",
    },
    path: {
      type: 'string',
      value: 'PATH',
      help: 'What to print of each, one line a value: $.Config.Env[0].',
    },
  },
  details: `
What docker knows too is called as docker calls it. The id is the digest of the manifest or index; "Size" is that of everything the image is made of, and the layers' sizes are those of the files that are kept. Of an engine's images all is as the engine tells it.

Examples:
  waybill inspect mysql:5.7
  waybill inspect --store registry.internal acme/api:1 --platform linux/arm64
`,

  async run({ flags, args }, shell) {
    const { inspectImage } = await import('../images/inspect.ts')
    const { describeError } = await import('../report/errors.ts')
    const { stdout, stderr, signal } = shell
    const show = await showing(flags)
    const platform = await platformFlag(flags)
    await using bench = await openBenchFor(flags, shell)
    const found: Inspected[] = []
    const codes = [0]
    for (const text of args) {
      try {
        found.push(await inspectImage(text, platform, bench, { signal }))
      } catch (error) {
        // the others are shown all the same
        if (!(error instanceof WaybillError)) throw error
        stderr.write(describeError(error, { color: stderr.color }))
        codes.push(exitCodeOf(error, signal))
      }
    }
    stdout.write(show ? found.map(show).join('') : `${JSON.stringify(found, null, 2)}\n`)
    return worstOf(...codes)
  },
}

/** What `--format` or `--path` makes of an image; absent: all of it is shown. */
async function showing(flags: Flags): Promise<((image: Inspected) => string) | undefined> {
  const format = textFlag(flags, 'format')
  const path = textFlag(flags, 'path')
  if (format !== undefined && path !== undefined) {
    throw new InputError('BAD_ARGUMENT', '--format and --path exclude each other')
  }
  if (format !== undefined) {
    const { compileTemplate } = await import('../report/template/template.ts')
    const { forTemplates } = await import('../images/inspect.ts')
    const template = compileTemplate(format)
    return image => `${template.render(forTemplates(image))}\n`
  }
  if (path === undefined) return undefined
  const { readPath } = await import('../report/path.ts')
  const pick = readPath(path)
  return image =>
    pick(image)
      .map(value => `${wordOf(value)}\n`)
      .join('')
}

/** Text as it is, all else as JSON. */
function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
