/**
 * What it takes to plan 100,000 tags, looks not counted: node scripts/run-ts.mjs bench/planning.ts
 *
 * A third is missing, a third in place, a third moved; the memory is the whole process's peak.
 */
import { digestOf } from '../src/oci/digest.ts'
import type { DesiredImage } from '../src/plan/desired.ts'
import { makePlan } from '../src/plan/plan.ts'

const TAGS = 100_000
const MOST_SECONDS = 2
const MOST_MIB = 512
const location = { file: 'images.yaml', line: 1, column: 1 }
const digest = (text: string) => digestOf(Buffer.from(text))

const desired = Array.from({ length: TAGS }, (_, index): DesiredImage => {
  const wanted = digest(`wanted ${index}`)
  const other = digest(`other ${index}`)
  const found = [undefined, wanted, other][index % 3]
  const image = `app${index % 100}`
  return {
    from: `docker.io/acme/${image}:${index}`,
    source: wanted,
    digest: wanted,
    places: [
      {
        store: 'registry.example',
        repository: `mirror/${image}`,
        tag: String(index),
        found,
        wanted,
        lacks: [],
        overwrite: 'always',
        kept: { image, prune: 'owned', ours: [other] },
        location,
      },
    ],
    contents: [{ digest: digest(`layer ${index}`), size: 100 }],
  }
})
const started = performance.now()
const { steps } = makePlan({
  version: '0.0.0',
  desired,
  builds: [],
  unknown: [],
  diagnostics: [],
  held: [],
  gone: [],
  released: [],
  local: new Set(),
  stocked: new Set(),
  settled: 0,
})
const seconds = (performance.now() - started) / 1000
const mib = process.resourceUsage().maxRSS / 1024
const isWithin = seconds <= MOST_SECONDS && mib <= MOST_MIB
console.log(`${TAGS} tags, ${steps.length} steps: ${seconds.toFixed(2)} s, ${Math.round(mib)} MiB`)
console.log(`${isWithin ? 'within' : 'over'} ${MOST_SECONDS} s and ${MOST_MIB} MiB`)
process.exitCode = isWithin ? 0 : 1
