import type { Command } from './command.ts'
import { textFlag } from './flags.ts'
import { hostPositional, loginFileOption, parseHost } from './host.ts'

export const logout: Command = {
  summary: 'Forget the login for a registry.',
  positionals: [hostPositional],
  options: { authfile: loginFileOption },
  details: `
The login goes from the file, and from the credential helpers that the file names. What other files say of the registry stays, and is used: those of podman, for one. So do logins for a namespace of it.

Examples:
  waybill logout
  waybill logout registry.example
`,

  async run({ flags, args: [given] }, { cwd, env, signal, stdout }) {
    const host = parseHost(given)
    const { eraseLogin, loginFileOf } = await import('../credentials/logins.ts')
    const path = loginFileOf({ authfile: textFlag(flags, 'authfile'), env, cwd })
    const erased = await eraseLogin(host, { path, env }, { signal })
    stdout.write(erased ? `Logged out of ${host}\n` : `Not logged in to ${host}\n`)
    return 0
  },
}
