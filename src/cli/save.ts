import { InputError } from '../errors.ts'
import { openArchiveAt } from './archives.ts'
import { openBenchFor } from './bench.ts'
import type { Command } from './command.ts'
import { isSet, textFlag } from './flags.ts'
import { outputOption, storeOptions } from './image-options.ts'

export const save: Command = {
  summary: 'Write images into one archive, which docker, podman and skopeo load.',
  positionals: [{ name: 'REF', help: 'images by name: mysql:5.7', required: true, multiple: true }],
  options: {
    ...storeOptions,
    out: {
      type: 'string',
      short: 'o',
      value: 'FILE',
      help: 'The archive. What is there is replaced.',
    },
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['docker', 'oci'],
      default: 'docker',
      help: 'What is written: docker, an OCI layout that docker loads, too; or oci, the layout alone.',
    },
    quiet: { type: 'boolean', short: 'q', help: 'Say nothing.' },
    output: outputOption,
  },
  details: `
Images keep the digests that they have, all their platforms with them. The archive is there whole or not at all, and the same images give the same bytes.

Examples:
  waybill save mysql:5.7 -o mysql.tar
  waybill save mysql:5.7 ghcr.io/acme/api:1 -o both.tar --format oci
`,

  async run({ flags, args }, shell) {
    const path = textFlag(flags, 'out')
    if (path === undefined) {
      throw new InputError('BAD_ARGUMENT', 'save does not know where to', {
        hint: 'name the archive with -o: waybill save mysql:5.7 -o mysql.tar',
      })
    }
    const format = textFlag(flags, 'format') === 'oci' ? 'oci' : 'docker'
    const { passedName, saveImages } = await import('../images/archives.ts')
    const { shortDigest } = await import('../oci/digest.ts')
    await using bench = await openBenchFor(flags, shell)
    const archive = await openArchiveAt(path, { format, fresh: true }, shell)
    try {
      const saved = await saveImages(args, archive, bench, { signal: shell.signal })
      if (textFlag(flags, 'output') === 'json') {
        const images = saved.map(one => ({ name: passedName(one), digest: one.digest }))
        shell.stdout.write(
          `${JSON.stringify({ formatVersion: '1.0', file: path, images }, null, 2)}\n`,
        )
      } else if (!isSet(flags, 'quiet')) {
        for (const one of saved) {
          shell.stdout.write(`Saved ${passedName(one)} (${shortDigest(one.digest)})\n`)
        }
      }
      return 0
    } finally {
      await archive.close()
    }
  },
}
