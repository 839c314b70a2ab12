/** What git says where it refuses something, as errors of ours: what it means, and what helps. */

import { SourceError, type ErrorCode } from '../errors.ts'
import type { Said } from './command.ts'

/** What git was asked for, in the words of a message: `commit images.lock.yaml`. */
export interface Asked {
  readonly what: string
  /** Whether another machine had to answer. */
  readonly isRemote?: boolean
  /** What helps where git's words tell nothing. */
  readonly hint?: string | undefined
}

export function refusal(said: Said, { what, isRemote = false, hint }: Asked): SourceError {
  const words = wordsOf(`${said.stderr}\n${said.stdout}`)
  const known = [...KNOWN, ...(isRemote ? REMOTE : [])].find(({ says }) => says.test(words))
  const code = known?.code ?? (isRemote ? 'SOURCE_UNREACHABLE' : 'SOURCE_DENIED')
  const message = `git did not ${what}: ${words === '' ? `exit code ${said.code}` : words}`
  return new SourceError(code, message, { hint: known?.hint ?? hint })
}

/** What git gave, or the error of its not giving it. */
export function expectDone(said: Said, asked: Asked): string {
  if (said.code !== 0) throw refusal(said, asked)
  return said.stdout
}

interface Known {
  readonly says: RegExp
  readonly code: ErrorCode
  readonly hint: string
}

const KNOWN: readonly Known[] = [
  {
    says: /tell me who you are|identity unknown|auto-detect email|empty ident|no (?:email|name) was given/i,
    code: 'SOURCE_DENIED',
    hint: 'say who commits: git config user.name NAME, git config user.email ADDRESS; or set GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL',
  },
  {
    says: /failed to sign|signing failed|cannot run gpg|ssh-keygen|user\.signingkey/i,
    code: 'SOURCE_DENIED',
    hint: 'git is configured to sign commits: make "git commit -S" work here, or set commit.gpgsign to false',
  },
  {
    says: /dubious ownership/i,
    code: 'SOURCE_DENIED',
    hint: "the repository is somebody else's: if you trust it, git config --global --add safe.directory FOLDER",
  },
  {
    says: /partial commit during|while (?:merging|rebasing|cherry-picking|reverting|bisecting)|unmerged|resolve your current index/i,
    code: 'SOURCE_CONFLICT',
    hint: 'end or abort what git is in the middle of ("git status" tells), and run again',
  },
  {
    says: /would be overwritten/i,
    code: 'SOURCE_CONFLICT',
    hint: 'commit or stash these changes, and run again',
  },
  {
    says: /already (?:checked out|used by worktree)/i,
    code: 'SOURCE_CONFLICT',
    hint: 'run in the work tree that has the branch, or name another branch',
  },
  {
    says: /\.lock': File exists/i,
    code: 'SOURCE_CONFLICT',
    hint: 'another git is at work here, or one was killed: if none is, remove that file',
  },
  {
    says: /is in submodule/i,
    code: 'SOURCE_DENIED',
    hint: 'all files of one commit are in one repository, and a submodule is one of its own',
  },
]

const REMOTE: readonly Known[] = [
  {
    says: /authentication failed|could not read (?:username|password)|prompts disabled|permission denied|access denied|returned error: 40[134]|host key verification|not found|does not appear to be a git repository|does not exist/i,
    code: 'SOURCE_DENIED',
    hint: 'see that git gets there without asking for anything, as with "git ls-remote": SSH keys from an agent, tokens from a credential helper',
  },
  {
    says: /transport '.*' not allowed/i,
    code: 'SOURCE_DENIED',
    hint: 'git is configured, or made, not to go there that way: see protocol.allow in "git help config"',
  },
]

const LONGEST = 1_000

/** On one line, without secrets, and where it is long, the end of it. */
export function wordsOf(text: string): string {
  const lines = masked(text)
    .split(/\r\n|\r|\n/)
    .map(line => line.trim().replace(/^(?:(?:fatal|error|warning|remote): *)+/, ''))
    .filter(line => line !== '' && !line.startsWith('hint:'))
  const words = lines.join('; ')
  return words.length > LONGEST ? `…${words.slice(-LONGEST)}` : words
}

/** Who somebody is, in an address: `https://me:secret@host`. It would rather hide too much. */
function masked(text: string): string {
  return text
    .replace(/\b([a-z][\w+.-]*:\/\/)[^\s/'"@]*:[^\s'"]*@/gi, '$1***@')
    .replace(/\b([a-z][\w+.-]*:\/\/)[^\s/'"]*@/gi, '$1***@')
}
