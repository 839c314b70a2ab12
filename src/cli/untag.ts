import { openBenchFor } from './bench.ts'
import type { Command } from './command.ts'
import { storeOptions } from './image-options.ts'

export const untag: Command = {
  summary: 'Take names of images away, and nothing else.',
  positionals: [{ name: 'REF', help: 'the names to take away', required: true, multiple: true }],
  options: storeOptions,
  details: `
What an image without a name takes up is freed by "waybill sweep". "waybill rmi" does both. Registries that remove no names refuse where another name would go with it. An engine removes an image with its last name, so that one stays.

Examples:
  waybill untag acme/api:old
`,

  async run({ flags, args }, shell) {
    const { untagImages } = await import('../images/tag.ts')
    await using bench = await openBenchFor(flags, shell)
    const names = await untagImages(args, bench, { signal: shell.signal })
    shell.stdout.write(names.map(name => `Untagged: ${name}\n`).join(''))
    return 0
  },
}
