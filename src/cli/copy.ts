import type { Command } from './command.ts'
import { movingOptions, storeOptions } from './image-options.ts'
import { runMoves } from './moving.ts'

const { store: _store, ...options } = storeOptions

export const copy: Command = {
  summary: 'Copy an image from one registry or store to another.',
  positionals: [
    { name: 'SRC', help: 'as docker names it, or in a store: local/mysql:5.7', required: true },
    {
      name: 'DST',
      help: 'a place, with a host or a store in it: registry.internal/mysql:5.7',
      required: true,
    },
  ],
  options: {
    ...options,
    'all-tags': { type: 'boolean', short: 'a', help: 'Every tag of the repository.' },
    ...movingOptions,
  },
  details: `
Only what DST lacks is sent, and the digest stays the same. Both are read as in a manifest: SRC as "from", DST as "to", so nothing goes to Docker Hub because a host was forgotten. A DST that ends in / keeps the name after it, and one that is only a store the whole name. Signatures and the like that refer to an image stay where they are: a manifest brings them.

Examples:
  waybill copy mysql:5.7 registry.internal/mirror/mysql:5.7
  waybill copy ghcr.io/acme/api registry.internal/mirror/ --all-tags
`,

  async run({ flags, args: [from = '', to = ''] }, shell) {
    const { copyBetween } = await import('../images/transfer.ts')
    const { formatReference } = await import('../oci/reference.ts')
    const { signal } = shell
    return runMoves({
      flags,
      shell,
      moves: [(wish, bench) => copyBetween(from, to, wish, bench, { signal })],
      said: ({ to, content, result }) => [
        `Digest: ${content.digest}`,
        `Status: ${result === 'done' ? 'Copied to' : 'In place at'} ${formatReference(to)}`,
      ],
    })
  },
}
