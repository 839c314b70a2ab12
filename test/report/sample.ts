import { parseDigest, type Digest } from '../../src/oci/digest.ts'
import type {
  CopyStep,
  Outcome,
  Plan,
  Report,
  Step,
  StepPlace,
  StepReport,
  TagStep,
} from '../../src/plan/types.ts'

const location = { file: 'images.yaml', line: 12, column: 5 }

/** A digest of one digit, over and over: `sha256:9999…`. */
export function digest(digit: string): Digest {
  return parseDigest(`sha256:${digit.repeat(64)}`)
}

export function copy(
  fields: Partial<CopyStep> & { from: string; to: readonly StepPlace[] },
): CopyStep {
  return {
    id: '0'.repeat(20),
    kind: 'copy',
    verb: 'copy',
    source: fields.digest ?? digest('a'),
    digest: digest('a'),
    referrers: [],
    needs: [],
    why: 'missing',
    bytes: 0,
    destructive: false,
    location,
    ...fields,
  }
}

export function tag(
  fields: Partial<TagStep> & { from: string; to: readonly StepPlace[] },
): TagStep {
  return {
    id: '1'.repeat(20),
    kind: 'tag',
    source: digest('a'),
    digest: digest('a'),
    needs: [],
    why: 'missing',
    bytes: 0,
    destructive: false,
    location,
    ...fields,
  }
}

export const mysql = copy({
  verb: 'pull',
  from: 'docker.io/library/mysql:5.7',
  digest: digest('9'),
  to: [{ at: 'local/library/mysql:5.7', replaces: null }],
  bytes: 32_716_800,
})

export function planOf(steps: readonly Step[], fields: Partial<Plan> = {}): Plan {
  const { unknown = [], drift = [] } = fields
  return {
    formatVersion: '1.0',
    tool: { name: 'waybill', version: '0.1.0' },
    operation: 'plan',
    complete: true,
    exitCode: 0,
    summary: {
      copy: steps.filter(({ kind }) => kind === 'copy').length,
      tag: steps.filter(({ kind }) => kind === 'tag').length,
      untag: 0,
      build: 0,
      delete: 0,
      sweep: 0,
      unchanged: 6,
      drift: drift.length,
      held: 0,
      gone: 0,
      prunable: 0,
      unmanaged: 0,
      unknown: unknown.length,
      bytes: steps.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    steps,
    drift: [],
    held: [],
    gone: [],
    prunable: [],
    unmanaged: [],
    unknown: [],
    diagnostics: [],
    ...fields,
  }
}

export const done: Outcome = { result: 'done', transferred: 32_716_800, milliseconds: 4100 }

/** `step` with what became of each of its places; of the step itself, `outcomes[0]`. */
export function reported(step: Step, ...outcomes: readonly [Outcome, ...Outcome[]]): StepReport {
  const to = step.to.map((place, index) => ({ ...place, ...(outcomes[index] ?? outcomes[0]) }))
  return { ...step, ...outcomes[0], to }
}

const traffic = {
  requests: 321,
  retries: 0,
  waitedMs: 0,
  hosts: [{ host: 'docker.io', requests: 321, retries: 0, waitedMs: 0 }],
}

export function reportOf(steps: readonly StepReport[], fields: Partial<Report> = {}): Report {
  return { ...planOf(steps), operation: 'reconcile', steps, ...traffic, ...fields }
}

export const unknown = {
  reference: 'quay.io/x/y:1',
  side: 'source',
  places: ['local/quay.io/x/y:1'],
  problem: {
    code: 'STORE_RATE_LIMITED',
    message: 'quay.io answers 429, retry after 60s',
    hint: 'log in, or try again later',
  },
  location,
} as const

export const missing = {
  severity: 'error',
  reference: 'docker.io/library/nginx:9.99',
  problem: { code: 'CONTENT_MISSING', message: 'docker.io/library/nginx has no tag 9.99' },
  location,
} as const

export const drift = {
  at: 'registry.internal/web:2.3.0',
  found: digest('5'),
  wanted: digest('e'),
  why: 'left as it is (overwrite: never)',
  location,
} as const
