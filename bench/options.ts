import { parseArgs } from 'node:util'
import { WAYS, type Way } from './wire.ts'

export const CASES = [
  'noop',
  'immutable',
  'small',
  'repositories',
  'large',
  'fanout',
  'validate',
  'version',
] as const
export type CaseName = (typeof CASES)[number]

export interface Options {
  readonly rounds: number
  readonly cases: readonly CaseName[]
  readonly ways: readonly Way[]
  /** Who runs, by name; `undefined` is everybody there is. */
  readonly runners: ReadonlySet<string> | undefined
  /** Where registries keep what they hold; the system's temporary directory otherwise. */
  readonly under: string | undefined
}

export const USAGE = `usage: npm run bench -- [options]

  --rounds N      rounds of each case (default 3)
  --only A,B      of: ${CASES.join(', ')}
  --peers A,B     of: waybill, curl, ocync, crane, regsync, skopeo
  --direct        not through the relay
  --relay         only through the relay
  --under DIR     where the registries keep their data
`

/** Throws with a message for the caller where an argument is wrong. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      peers: { type: 'string' },
      direct: { type: 'boolean', default: false },
      relay: { type: 'boolean', default: false },
      under: { type: 'string' },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds}: not a count`)
  const both = values.direct === values.relay
  return {
    rounds,
    cases: chosen('--only', values.only, CASES),
    ways: both ? WAYS : WAYS.filter(way => (way === 'direct') === values.direct),
    runners: values.peers === undefined ? undefined : new Set(values.peers.split(',')),
    under: values.under,
  }
}

function chosen<T extends string>(
  flag: string,
  text: string | undefined,
  all: readonly T[],
): readonly T[] {
  if (text === undefined) return all
  const wanted = text.split(',')
  const wrong = wanted.find(name => !all.some(known => known === name))
  if (wrong !== undefined) throw new Error(`${flag} ${wrong}: not one of ${all.join(', ')}`)
  return all.filter(name => wanted.includes(name))
}
