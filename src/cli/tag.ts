import { openBenchFor } from './bench.ts'
import type { Command } from './command.ts'
import { storeOptions } from './image-options.ts'

export const tag: Command = {
  summary: 'Give an image one more name in its store.',
  positionals: [
    { name: 'SRC', help: 'the image: a name or the start of an id', required: true },
    { name: 'DST', help: 'its new name: acme/api:stable, ghcr.io/acme/api:1', required: true },
  ],
  options: storeOptions,
  details: `
Nothing is sent anywhere: a name with a host in it is where "waybill push" would take the image. A name that stands for another image moves, and what it stood for is told.

Examples:
  waybill tag mysql:5.7 registry.internal/mysql:5.7
  waybill tag 3f2c1ab0 acme/api:stable
`,

  async run({ flags, args: [from = '', to = ''] }, shell) {
    const { tagImage } = await import('../images/tag.ts')
    const { shortDigest } = await import('../oci/digest.ts')
    await using bench = await openBenchFor(flags, shell)
    const { replaced } = await tagImage(from, to, bench, { signal: shell.signal })
    if (replaced !== undefined) shell.stderr.write(`${to} was ${shortDigest(replaced)}\n`)
    return 0
  },
}
