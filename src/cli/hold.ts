import { InputError } from '../errors.ts'
import type { HoldAt } from '../reconcile/holds.ts'
import type { Command, Flags, Shell } from './command.ts'
import { isSet, textFlag } from './flags.ts'
import { editFromFlags, lockEditOptions } from './lock-edit.ts'

export const hold: Command = {
  summary: 'Pin an image where it is, or at another tag or digest, until it is released.',
  positionals: [{ name: 'IMAGE', help: "the image's name in the manifest", required: true }],
  options: {
    ...lockEditOptions,
    at: {
      type: 'string',
      value: 'REF',
      help: 'A tag or digest of the image to hold it at, instead of what the lock has.',
    },
    previous: {
      type: 'boolean',
      help: 'Hold it at what the lock had in the last commit that had something else: a rollback.',
    },
    why: { type: 'string', value: 'TEXT', help: 'Kept in the lock, and told in plans.' },
  },
  details: `
Updates leave a held image alone, and runs bring its places to what it is held at. "waybill release" ends it. Nothing is written but the lock: reconcile carries it out.

Examples:
  waybill hold api --why 'until the incident is over'
  waybill hold api --at 1.4.1
  waybill hold api --previous && waybill reconcile
`,

  async run({ flags, args: [name = ''] }, shell) {
    const at = await holdAt(flags, shell)
    const why = textFlag(flags, 'why')
    const { hold: pin } = await import('../reconcile/holds.ts')
    return editFromFlags(pin(name, { at, why }), { flags, shell }, edited => {
      const where = edited.at === undefined ? 'as it is' : `at ${edited.at}`
      return [`${name} is held ${where}`]
    })
  },
}

async function holdAt(flags: Flags, shell: Shell): Promise<HoldAt> {
  const reference = textFlag(flags, 'at')
  if (!isSet(flags, 'previous')) {
    return reference === undefined ? { kind: 'now' } : { kind: 'reference', reference }
  }
  if (reference !== undefined) {
    throw new InputError('BAD_ARGUMENT', '--at and --previous exclude each other')
  }
  const { lockVersions } = await import('./lock-versions.ts')
  return { kind: 'previous', versions: await lockVersions(flags, shell) }
}
