/** Who logs in: from flags and stdin, or asked for. */
import { addAbortSignal } from 'node:stream'
import { parseLogin } from '../credentials/logins.ts'
import type { Login } from '../credentials/secret.ts'
import { InputError } from '../errors.ts'
import type { Flags, Shell } from './command.ts'
import { isSet, textFlag } from './flags.ts'
import { ask } from './prompt.ts'

/** Far more than any password or access token has. */
const MOST_BYTES = 64 * 1024

/** `undefined` where whoever was asked pressed Ctrl-C. */
export async function readLogin(
  flags: Flags,
  host: string,
  shell: Shell,
): Promise<Login | undefined> {
  const username = textFlag(flags, 'username')
  if (isSet(flags, 'password-stdin')) {
    if (username !== undefined) return parseLogin(username, await readPassword(shell))
    throw wrong('--password-stdin is given without --username', {
      hint: 'stdin holds the password alone: give the user name with --username NAME',
    })
  }
  if (shell.stdin.isTTY !== true) {
    const flags = `--username ${username ?? 'NAME'} --password-stdin`
    throw wrong('there is nobody to ask for a password: stdin is no terminal', {
      hint: `give it on stdin: printf %s "$TOKEN" | waybill login ${host} ${flags}`,
    })
  }
  return askForLogin(username, shell)
}

async function askForLogin(username: string | undefined, shell: Shell): Promise<Login | undefined> {
  const forName = { text: 'Username: ', hidden: false }
  const forPassword = { text: 'Password: ', hidden: true }
  const typed = await ask(username === undefined ? [forName, forPassword] : [forPassword], shell)
  if (typed === undefined) return undefined
  const [name = '', password = ''] = username === undefined ? typed : [username, ...typed]
  return parseLogin(name.trim(), password)
}

/** All of stdin but one line break at its end, which `echo` and files have. */
async function readPassword({ stdin, signal }: Shell): Promise<string> {
  if (stdin.isTTY === true) {
    throw wrong('--password-stdin reads a pipe or a file, and stdin is a terminal', {
      hint: 'leave it out, and you are asked for the password without it being shown',
    })
  }
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of addAbortSignal(signal, stdin)) {
      const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
      chunks.push(bytes)
      size += bytes.length
      if (size > MOST_BYTES) break
    }
  } catch (cause) {
    signal.throwIfAborted()
    throw wrong('the password cannot be read from stdin', { cause })
  }
  if (size > MOST_BYTES) throw wrong(`what is on stdin has more than ${MOST_BYTES} bytes`)
  return textOf(Buffer.concat(chunks, size)).replace(/\r?\n$/, '')
}

/** A password with other characters put in for some of its bytes would only be refused. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw wrong('what is on stdin is not UTF-8 text', { hint: 'is it the right input?' })
  }
}

function wrong(message: string, init?: { hint?: string; cause?: unknown }): InputError {
  return new InputError('BAD_ARGUMENT', message, init)
}
