/**
 * Plans as text. Objects are built in one key order everywhere, so equal plans are equal bytes and
 * a plan read back and written again is the same text.
 */
import { InputError, RunError } from '../errors.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { isRecord } from '../oci/descriptor.ts'
import { check } from './plan.validator.gen.js'
import type { Plan, Report } from './types.ts'

/** A plan kept for later: what `plan --out` writes and `apply` reads. */
export interface PlanFile {
  readonly formatVersion: '1.0'
  /** ISO 8601, UTC. */
  readonly created: string
  readonly expires: string
  /** The hash of the manifest it was made from. */
  readonly manifest: Digest
  /** sha256 of the plan as `encodePlan` writes it. */
  readonly id: Digest
  readonly plan: Plan
}

export function encodePlan(plan: Plan | Report): string {
  return `${JSON.stringify(plan, null, 2)}\n`
}

export function planId(plan: Plan): Digest {
  return digestOf(Buffer.from(encodePlan(plan)))
}

export function encodePlanFile(
  plan: Plan,
  { created, expires, manifest }: { created: Date; expires: Date; manifest: Digest },
): string {
  const file: PlanFile = {
    formatVersion: '1.0',
    created: created.toISOString(),
    expires: expires.toISOString(),
    manifest,
    id: planId(plan),
    plan,
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** Reads a plan back, if it is whole, still valid at `now`, and made from this manifest. */
export function parsePlanFile(
  text: string,
  { file, now, manifest }: { file: string; now: Date; manifest: Digest },
): Plan {
  const value = parse(text, file)
  if (planId(value.plan) !== value.id) {
    throw new InputError('PLAN_INVALID', `${file} was changed after it was written`, {
      hint: 'plan again: only a plan as it was made can be applied',
    })
  }
  if (!(now.getTime() <= Date.parse(value.expires))) {
    throw new RunError('PLAN_EXPIRED', `${file} expired at ${value.expires}`, {
      hint: 'plan again, or give plans more time with --valid-for',
    })
  }
  if (value.manifest !== manifest) {
    throw new RunError('PLAN_EXPIRED', `${file} was made from another manifest than this one`, {
      hint: 'plan again: the manifest, or the set of -f files, changed since',
    })
  }
  return value.plan
}

function parse(text: string, file: string): PlanFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InputError('PLAN_INVALID', `${file} is not JSON`, { cause })
  }
  if (isPlanFile(value)) return value
  const version = isRecord(value) ? value['formatVersion'] : undefined
  const [problem] = check(value)
  const where =
    problem === undefined ? 'it has no plan' : `${problem.instancePath} ${problem.message}`
  throw new InputError('PLAN_INVALID', `${file} is not a plan file: ${where.trim()}`, {
    hint:
      typeof version === 'string' && version !== '1.0'
        ? `it has format ${version}; this version of waybill reads 1.0`
        : 'give the file that "waybill plan --out FILE" wrote',
  })
}

/** The schema is for every document that plans come in; a plan file is the one with an envelope. */
function isPlanFile(value: unknown): value is PlanFile {
  return isRecord(value) && 'plan' in value && check(value).length === 0
}
