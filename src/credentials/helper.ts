/**
 * Credential helpers: programs named `docker-credential-NAME` that are given a host on stdin and
 * answer with JSON (docker/docker-credential-helpers). What they say is never shown, only whether.
 */
import { execFile, type ExecFileException } from 'node:child_process'
import { isRecord } from '../oci/descriptor.ts'
import { DOCKER_HUB } from '../oci/reference.ts'
import type { Call } from '../util/call.ts'
import { basicCredential, identityCredential, type Credential } from './secret.ts'
import { shared } from './shared.ts'
import { unusable, type Env } from './sources.ts'

export interface Question {
  /** The helper's name, without `docker-credential-`. */
  readonly helper: string
  readonly host: string
  /** The file or manifest key that names the helper, for messages. */
  readonly namedBy: string
}

/** `undefined` where the helper says that it knows nothing of the host. */
export type AskHelper = (question: Question, call?: Call) => Promise<Credential | undefined>

interface Limits {
  readonly env: Env
  readonly limitMs: number
}

interface Answer {
  readonly failure: string | undefined
  readonly stdout: string
}

/** One word, so that it can only ever name a program on PATH. `desktop.exe` is one under WSL. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/
/** What helpers call Docker Hub, since docker does. */
const HUB_SERVER = 'https://index.docker.io/v1/'
const NOT_FOUND = /^credentials not found(?: in native keychain)?$/i
const MAX_ANSWER = 64 * 1024

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
  { helper, host, namedBy }: Question,
  limits: Limits,
  call: Call,
): Promise<Credential | undefined> {
  if (!NAME.test(helper)) {
    throw unusable(
      `${namedBy} names the credential helper ${JSON.stringify(helper)} for ${host}, which is no name of one`,
      'a helper is named without "docker-credential-", with a-z, 0-9, ., _ and -',
    )
  }
  const program = `docker-credential-${helper}`
  const server = host === DOCKER_HUB ? HUB_SERVER : host
  const { failure, stdout } = await run(program, server, limits, call)
  if (NOT_FOUND.test(stdout.trim())) return undefined
  if (failure === undefined) {
    const answer = parseAnswer(stdout)
    if (answer !== 'unreadable') return answer
  }
  throw unusable(
    `${program}, which ${namedBy} names for ${host}, ${failure ?? 'did not answer with a user name and a secret'}`,
    `see what it says to: printf %s ${server} | ${program} get`,
  )
}

/** Rejects only when the caller stops it. */
function run(
  program: string,
  input: string,
  { env, limitMs }: Limits,
  { signal }: Call,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      env: { ...env },
      timeout: limitMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_ANSWER,
      ...(signal && { signal }),
    } as const
    const child = execFile(program, ['get'], options, (error, stdout) => {
      if (signal?.aborted) reject(signal.reason)
      else resolve({ failure: error ? failureOf(error, limitMs) : undefined, stdout })
    })
    // a helper that ends without reading breaks the pipe; how it ended says what matters
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function failureOf({ code, killed }: ExecFileException, limitMs: number): string {
  if (code === 'ENOENT') return 'is not on PATH'
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'answered far too much'
  if (typeof code === 'string') return `could not be run: ${code}`
  if (killed) return `did not answer within ${limitMs / 1000} s`
  return typeof code === 'number' ? `failed with exit code ${code}` : 'was killed'
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
