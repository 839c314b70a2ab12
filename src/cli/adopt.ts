import { shortDigest } from '../oci/digest.ts'
import type { Command } from './command.ts'
import { editFromFlags, lockEditOptions } from './lock-edit.ts'

export const adopt: Command = {
  summary: 'Take over places that others put: from then on they are ours.',
  positionals: [
    {
      name: 'PLACE',
      help: 'store, repository and tag: registry.internal/mirror/alpine:3.20',
      required: true,
      multiple: true,
    },
  ],
  options: lockEditOptions,
  details: `
What is ours may be replaced with "overwrite: owned", and is told of once the manifest no longer asks for it. A place is ours only as long as it names what it names now. It has to be in a repository that the manifest writes to.

Examples:
  waybill adopt registry.internal/mirror/alpine:3.20
  waybill adopt local/library/mysql:5.7 local/library/mysql:8.0
`,

  async run({ flags, args }, shell) {
    const { adopt: takeOver } = await import('../reconcile/holds.ts')
    return editFromFlags(takeOver(args), { flags, shell }, ({ adopted }) =>
      adopted.map(({ at, digest }) => `${at} is ours at ${shortDigest(digest)}`),
    )
  },
}
