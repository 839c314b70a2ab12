/* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/valid-describe-callback,
   vitest/expect-expect, vitest/no-disabled-tests -- this makes suites and is none itself */
import { describe, it } from 'vitest'
import { available, type Tool } from './tools.ts'

/** What CI installs: there, a test that lacks one of these has failed, not been skipped. */
const REQUIRED: ReadonlySet<Tool> = new Set([
  'docker-registry',
  'skopeo',
  'dockerd',
  'docker',
  'buildah',
])

/**
 * A suite that needs programs of others: run where they are, skipped with a reason where not.
 * `obstacle` tells of what else is in the way, which in CI nothing may be.
 */
export function describeLive(
  title: string,
  needs: readonly Tool[],
  suite: () => void,
  obstacle: () => string | undefined = () => undefined,
): void {
  const missing = needs.filter(name => !available(name))
  const other = obstacle()
  const reason = other ?? `${missing.join(', ')} not on PATH`
  const inCi = (process.env['CI'] ?? '') !== ''
  if (inCi && (other !== undefined || missing.some(name => REQUIRED.has(name)))) {
    describe(title, () => failing(reason))
  } else if (other !== undefined || missing.length > 0) {
    process.stderr.write(`skipped: ${title}: ${reason}\n`)
    describe.skip(`${title} (${reason})`, suite)
  } else {
    describe(title, suite)
  }
}

function failing(reason: string): void {
  it('has what it needs', () => {
    throw new Error(`${reason}; as root, scripts/test-services.sh installs programs`)
  })
}
