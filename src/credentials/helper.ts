/** What credential helpers are asked and told. */
import { isRecord } from '../oci/descriptor.ts'
import type { Call } from '../util/call.ts'
import { serverOf } from './docker-config.ts'
import { helperFailed, runHelper, type Limits, type Question } from './helper-program.ts'
import { basicCredential, identityCredential, type Credential, type Login } from './secret.ts'
import { shared } from './shared.ts'

/** `undefined` where the helper says that it knows nothing of the host. */
export type AskHelper = (question: Question, call?: Call) => Promise<Credential | undefined>

/** Each helper is asked once about each host, however many wait for the answer. */
export function createHelpers(limits: Limits): AskHelper {
  const asked = new Map<string, (call?: Call) => Promise<Credential | undefined>>()
  return (question, call) => {
    const key = `${question.helper} ${question.host}`
    const answer = asked.get(key) ?? shared(own => askOnce(question, limits, own))
    asked.set(key, answer)
    return answer(call)
  }
}

async function askOnce(
  question: Question,
  limits: Limits,
  call: Call,
): Promise<Credential | undefined> {
  const order = { verb: 'get', input: serverOf(question.host) } as const
  const { failure, stdout, knowsNothing } = await runHelper(question, order, limits, call)
  if (knowsNothing) return undefined
  if (failure === undefined) {
    const answer = parseAnswer(stdout)
    if (answer !== 'unreadable') return answer
  }
  const what = failure ?? 'did not answer with a user name and a secret'
  throw helperFailed(question, 'get', what)
}

/** Gives a helper a login to keep. */
export async function storeWithHelper(
  question: Question,
  { username, password }: Login,
  limits: Limits,
  call: Call = {},
): Promise<void> {
  const login = { ServerURL: serverOf(question.host), Username: username, Secret: password }
  const order = { verb: 'store', input: JSON.stringify(login) } as const
  const { failure } = await runHelper(question, order, limits, call)
  if (failure !== undefined) throw helperFailed(question, 'store', failure)
}

/** Makes a helper forget a host; `false` where it says that it knows nothing of it. */
export async function eraseWithHelper(
  question: Question,
  limits: Limits,
  call: Call = {},
): Promise<boolean> {
  const order = { verb: 'erase', input: serverOf(question.host) } as const
  const { failure, knowsNothing } = await runHelper(question, order, limits, call)
  if (knowsNothing) return false
  if (failure !== undefined) throw helperFailed(question, 'erase', failure)
  return true
}

function parseAnswer(text: string): Credential | undefined | 'unreadable' {
  const answer = parseJson(text)
  if (!isRecord(answer)) return 'unreadable'
  const { Username: username, Secret: secret } = answer
  if (username === '' && secret === '') return undefined
  if (typeof username !== 'string' || typeof secret !== 'string') return 'unreadable'
  if (username === '' || secret === '') return 'unreadable'
  return username === '<token>' ? identityCredential(secret) : basicCredential(username, secret)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
