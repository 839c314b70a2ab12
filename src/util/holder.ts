/** Who holds a lock or writes a file, and whether that process has ended. */
import { createHash } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { isRecord } from '../oci/descriptor.ts'

/** This process, as far as only its edge knows. */
export interface Owner {
  readonly pid: number
  readonly host: string
  readonly now: () => Date
}

/** A process, told from all others as well as the system allows. */
export interface Identity {
  readonly pid: number
  readonly host: string
  readonly startedAt: string
  /** Where the pid means something: one boot of one kernel, one pid namespace. Empty: unknown. */
  readonly space: string
  /** When the process started, in the kernel's ticks: a pid is used again. Empty: unknown. */
  readonly ticks: string
}

export interface Holder extends Identity {
  readonly id: string
}

const ID = /^[0-9a-f]{24}$/

export async function identify({ pid, host, now }: Owner): Promise<Identity> {
  const [boot, namespace, life] = await Promise.all([
    known(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    known(readlink('/proc/self/ns/pid')),
    lifeOf(pid),
  ])
  const space = boot && namespace ? `${boot.trim()} ${namespace}` : ''
  return { pid, host, startedAt: now().toISOString(), space, ticks: life?.ticks ?? '' }
}

export function parseHolder(text: string): Holder | undefined {
  const value = parseJson(text)
  if (!isRecord(value)) return undefined
  const { id, pid, host, startedAt, space, ticks } = value
  if (typeof id !== 'string' || !ID.test(id)) return undefined
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined
  if (typeof host !== 'string' || typeof startedAt !== 'string') return undefined
  if (typeof space !== 'string' || typeof ticks !== 'string') return undefined
  return { id, pid, host, startedAt, space, ticks }
}

/**
 * Whether the other's process has definitely ended or definitely not; `undefined` where only its
 * heart can tell: on another machine, in another container, or on a system without /proc. A
 * process that is surely there counts as running even when its heart is silent: the machine may
 * just have woken up.
 */
export async function hasEnded(other: Holder, self: Identity): Promise<boolean | undefined> {
  const isNear = self.space !== '' && other.space === self.space && other.host === self.host
  return isNear ? isOver(other) : undefined
}

const MARK = /^(?<pid>[1-9]\d{0,9})-(?<ticks>\d{1,20})-(?<where>[0-9a-f]{12})$/

/**
 * A process in few letters, for the names of its files; empty where the system does not tell
 * enough to know it again.
 */
export function markOf(self: Identity): string {
  const { pid, ticks, space } = self
  return space === '' || ticks === '' ? '' : `${pid}-${ticks}-${whereIs(self)}`
}

/** As `hasEnded`, of the process that has this mark. */
export async function hasEndedMarked(mark: string, self: Identity): Promise<boolean | undefined> {
  const { pid, ticks = '', where } = MARK.exec(mark)?.groups ?? {}
  const isNear = self.space !== '' && where === whereIs(self)
  return isNear ? isOver({ pid: Number(pid), ticks }) : undefined
}

function whereIs({ host, space }: Identity): string {
  return createHash('sha256').update(`${host} ${space}`).digest('hex').slice(0, 12)
}

async function isOver(other: Pick<Identity, 'pid' | 'ticks'>): Promise<boolean | undefined> {
  const life = await lifeOf(other.pid)
  // a /proc that does not even show the first process hides others too
  if (!life) return (await lifeOf(1)) ? true : undefined
  if (life.isZombie) return true
  return other.ticks === '' ? undefined : life.ticks !== other.ticks
}

/** Of proc(5)'s stat the state and field 22; the second field, in parentheses, may hold anything. */
async function lifeOf(pid: number): Promise<{ ticks: string; isZombie: boolean } | undefined> {
  const stat = await known(readFile(`/proc/${pid}/stat`, 'utf8'))
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields[19]
  return ticks === undefined ? undefined : { ticks, isZombie: fields[0] === 'Z' }
}

/** Empty where the system does not tell: one without /proc, or one that hides it. */
async function known(text: Promise<string>): Promise<string> {
  try {
    return await text
  } catch {
    return ''
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
