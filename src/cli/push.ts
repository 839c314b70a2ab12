import type { Command } from './command.ts'
import { contentTrustOption, movingOptions, storeOptions } from './image-options.ts'
import { runMoves } from './moving.ts'

export const push: Command = {
  summary: 'Send an image of a store to a registry.',
  positionals: [
    { name: 'REF', help: 'the image: a name, or the start of an id', required: true },
    {
      name: 'DST',
      help: 'where to: registry.internal/acme/api:1; else the host in the name, as docker has it',
      required: false,
    },
  ],
  options: {
    ...storeOptions,
    'all-tags': { type: 'boolean', short: 'a', help: 'Every tag of the repository.' },
    ...movingOptions,
    'disable-content-trust': contentTrustOption,
  },
  details: `
Only what the registry lacks is sent. Without DST, ghcr.io/acme/api:1 goes to ghcr.io and acme/api:1 to Docker Hub. DST has a host or a store of the manifest in it; one that ends in / keeps the image's own name after it. Signatures and the like that refer to an image stay where they are: a manifest brings them.

Examples:
  waybill push ghcr.io/acme/api:1
  waybill push mysql:5.7 registry.internal/mirror/mysql:5.7
`,

  async run({ flags, args: [text = '', to] }, shell) {
    const { pushImage } = await import('../images/transfer.ts')
    const { signal } = shell
    return runMoves({
      flags,
      shell,
      moves: [(wish, bench) => pushImage(text, to, wish, bench, { signal })],
      said: ({ to: { tag }, content: { digest, size } }) => [
        `${tag}: digest: ${digest} size: ${size}`,
      ],
    })
  },
}
