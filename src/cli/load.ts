import { openArchiveAt, openArchiveInput } from './archives.ts'
import { openBenchFor } from './bench.ts'
import type { Command } from './command.ts'
import { isSet, textFlag } from './flags.ts'
import { outputOption, storeOptions } from './image-options.ts'

export const load: Command = {
  summary: 'Bring the images of an archive into a store.',
  positionals: [],
  options: {
    ...storeOptions,
    input: {
      type: 'string',
      short: 'i',
      value: 'FILE',
      help: 'The archive; else what comes on stdin.',
    },
    quiet: { type: 'boolean', short: 'q', help: 'Say nothing.' },
    output: outputOption,
  },
  details: `
Archives of docker, podman and skopeo are read, old and new, and OCI layouts in a tar; compressed with gzip, zstd or xz too. What has no name in the archive is told of and left out; an engine keeps it without one.

Examples:
  waybill load -i mysql.tar
  docker save mysql:5.7 | waybill load
`,

  async run({ flags }, shell) {
    const path = textFlag(flags, 'input')
    const { loadImages, passedName } = await import('../images/archives.ts')
    const { shortDigest } = await import('../oci/digest.ts')
    await using bench = await openBenchFor(flags, shell)
    const archive =
      path === undefined
        ? await openArchiveInput(shell)
        : await openArchiveAt(path, { format: 'docker', fresh: false }, shell)
    try {
      const { images, ids, nameless } = await loadImages(archive, bench, { signal: shell.signal })
      for (const digest of nameless) {
        shell.stderr.write(`left out: ${shortDigest(digest)} has no name in the archive\n`)
      }
      if (textFlag(flags, 'output') === 'json') {
        const loaded = images.map(one => ({ name: passedName(one), digest: one.digest }))
        const document = { formatVersion: '1.0', images: loaded, ids, nameless }
        shell.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
      } else if (!isSet(flags, 'quiet')) {
        const lines = [
          ...images.map(({ shown }) => `Loaded image: ${shown}\n`),
          ...ids.map(id => `Loaded image ID: ${id}\n`),
        ]
        shell.stdout.write(lines.join(''))
      }
      return 0
    } finally {
      await archive.close()
    }
  },
}
