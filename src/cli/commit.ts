import { InputError } from '../errors.ts'
import { openBenchFor } from './bench.ts'
import type { Command } from './command.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import { changeOptions, outputOption, storeOptions } from './image-options.ts'

export const commit: Command = {
  summary: 'Make an image of a container of an engine.',
  positionals: [
    { name: 'CONTAINER', help: 'its name, or the start of its id', required: true },
    { name: 'REF', help: "the image's name: acme/api:debug", required: true },
  ],
  options: {
    ...storeOptions,
    author: { type: 'string', short: 'a', value: 'AUTHOR', help: 'Who made it.' },
    ...changeOptions,
    pause: {
      type: 'boolean',
      short: 'p',
      help: 'Stop what runs in it for that long, which is the default.',
    },
    'no-pause': { type: 'boolean', help: 'Let it run on: files may be half written.' },
    output: outputOption,
  },
  details: `
The engine does it, as docker's own command has it done: what the container changed becomes a layer, without its volumes. The id of the image is printed. What can be written down as a build should be: nobody can repeat what was done in a container.

Examples:
  waybill commit --store docker web acme/web:debug
  waybill commit --store docker web acme/web:2 -m "a fix" -c 'CMD ["/run"]'
`,

  async run({ flags, args: [container = '', name = ''] }, shell) {
    const pause = !isSet(flags, 'no-pause')
    if (!pause && isSet(flags, 'pause')) {
      throw new InputError('BAD_ARGUMENT', '--pause and --no-pause exclude each other')
    }
    const { commitImage } = await import('../images/commit.ts')
    const { shortDigest } = await import('../oci/digest.ts')
    const { stdout, stderr, signal } = shell
    await using bench = await openBenchFor(flags, shell)
    const wish = {
      container,
      author: textFlag(flags, 'author'),
      message: textFlag(flags, 'message'),
      changes: listFlag(flags, 'change'),
      pause,
    }
    const { id, replaced } = await commitImage(name, wish, bench, { signal })
    if (replaced !== undefined) stderr.write(`${name} was ${shortDigest(replaced)}\n`)
    const isJson = textFlag(flags, 'output') === 'json'
    const document = { formatVersion: '1.0', id, ...(replaced !== undefined && { replaced }) }
    stdout.write(isJson ? `${JSON.stringify(document, null, 2)}\n` : `${id}\n`)
    return 0
  },
}
