import type { Command } from './command.ts'
import { editFromFlags, lockEditOptions } from './lock-edit.ts'

export const release: Command = {
  summary: 'Let a held image follow its source again.',
  positionals: [{ name: 'IMAGE', help: "the image's name in the manifest", required: true }],
  options: lockEditOptions,
  details: `
The lock keeps what the image was held at until the next update or reconcile moves it.

Examples:
  waybill release api
  waybill release api && waybill update api
`,

  async run({ flags, args: [name = ''] }, shell) {
    const { release: unpin } = await import('../reconcile/holds.ts')
    return editFromFlags(unpin(name), { flags, shell }, () => [`${name} is not held`])
  },
}
