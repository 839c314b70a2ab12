import type { Command } from './command.ts'
import { isSet } from './flags.ts'
import { contentTrustOption, movingOptions, storeOptions } from './image-options.ts'
import { runMoves } from './moving.ts'

export const pull: Command = {
  summary: 'Bring images from registries into a store.',
  positionals: [
    {
      name: 'REF',
      help: 'images as docker names them: mysql:5.7, ghcr.io/acme/api:1',
      required: true,
      multiple: true,
    },
  ],
  options: {
    ...storeOptions,
    'all-tags': { type: 'boolean', short: 'a', help: 'Every tag of the repository.' },
    ...movingOptions,
    'disable-content-trust': contentTrustOption,
  },
  details: `
Layers that the store has are not fetched again. An image for several platforms is kept whole, so it has the digest that the registry has; with --platform it is cut to that one, which gives it another digest. Signatures and the like that refer to an image stay where they are: a manifest brings them.

Examples:
  waybill pull mysql:5.7
  waybill pull ghcr.io/acme/api:1 --store layout:./images
`,

  async run({ flags, args }, shell) {
    const { pullImage } = await import('../images/transfer.ts')
    const { familiarReference, formatReference } = await import('../oci/reference.ts')
    const { signal } = shell
    return runMoves({
      flags,
      shell,
      moves: args.map(text => (wish, bench) => pullImage(text, wish, bench, { signal })),
      said({ from, content, result }) {
        const name = familiarReference(from)
        const status = result === 'done' ? 'Downloaded newer image for' : 'Image is up to date for'
        const full = formatReference(from)
        return isSet(flags, 'quiet')
          ? [full]
          : [`Digest: ${content.digest}`, `Status: ${status} ${name}`, full]
      },
    })
  },
}
