/**
 * What it takes to judge 100,000 tags, 20,000 of them of indexes of three images each, looks not
 * counted: node scripts/run-ts.mjs bench/retention.ts [shared]
 *
 * Each way has a process of its own, so that its peak of memory is its own as well. The graph, which
 * is in it, is made before the clock runs; the time is that of the first judgement.
 */
import { spawnSync } from 'node:child_process'
import { digestOf } from '../src/oci/digest.ts'
import { fallbackTag } from '../src/oci/referrers.ts'
import { judge } from '../src/retention/judge.ts'
import type { ObservedGraph, ObservedManifest, ObservedTag } from '../src/retention/observed.ts'
import { readRetention, retentionEngines } from '../src/retention/read-rules.ts'
import type { RetentionRule } from '../src/retention/rules.ts'
import { loadEngines } from '../src/select/open.ts'

const TAGS = 100_000
const EVERY = 5
const MOST_SECONDS = 3
const MOST_MIB = 600
const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 10, 24)
const REPOSITORIES = 100

const RULES: readonly RetentionRule[] = [
  {
    in: 'registry.example/mirror/**',
    protect: ['latest', { regex: 'main-.*7' }, { lock: true }],
    keep: [
      { semver: '*', newest: 3, per: 'minor' },
      { glob: 'pr-*', newest: 50 },
      { glob: 'main-*', activeWithinMs: 30 * DAY_MS },
    ],
    delete: [
      { glob: '*', olderThanMs: 14 * DAY_MS },
      { untagged: true, olderThanMs: 7 * DAY_MS },
    ],
  },
]

const digest = (text: string) => digestOf(Buffer.from(text))

/** Versions, pull requests and builds of a branch. */
function nameOf(index: number): string {
  switch (index % 4) {
    case 0:
      return `pr-${index}`
    case 1:
      return `main-${(index * 2_654_435_761).toString(16).slice(-7)}`
    default:
      return `${index % 40}.${Math.floor(index / 40) % 25}.${Math.floor(index / 1000)}`
  }
}

/** An image, or an index of three; every tenth index is signed, every tenth image has lost its tag. */
function add(
  index: number,
  repository: string,
  to: { tags: ObservedTag[]; manifests: ObservedManifest[] },
) {
  const times = { pushedMs: NOW_MS - (index % 60) * DAY_MS, pulledMs: 'never' } as const
  const own = digest(`image ${index}`)
  const manifest = { repository, times, needs: [] }
  to.tags.push({ tag: nameOf(index), digest: own, times })
  if (index % 10 === 0)
    to.manifests.push({ ...manifest, kind: 'image', digest: digest(`lost ${index}`) })
  if (index % EVERY > 0) {
    to.manifests.push({ ...manifest, kind: 'image', digest: own })
    return
  }
  const needs = [0, 1, 2].map(part => digest(`part ${part} of ${index % 3 === 0 ? 0 : index}`))
  to.manifests.push({ ...manifest, kind: 'index', digest: own, needs })
  for (const part of needs) to.manifests.push({ ...manifest, kind: 'image', digest: part })
  if (index % 50 > 0) return
  const signature = digest(`signature ${index}`)
  to.manifests.push({ ...manifest, kind: 'artifact', digest: signature })
  to.tags.push({ tag: `${fallbackTag(own)}.sig`, digest: signature, times })
}

/** As registries have them, each repository a graph; or shared by all, as in a layout. */
function graphsOf(isShared: boolean): readonly ObservedGraph[] {
  const graphs = Array.from({ length: REPOSITORIES }, (_, at): ObservedGraph => {
    const found = { tags: [], manifests: [] } as {
      tags: ObservedTag[]
      manifests: ObservedManifest[]
    }
    const repository = `mirror/app${at}`
    const share = TAGS / REPOSITORIES
    for (let index = at * share; index < (at + 1) * share; index++) add(index, repository, found)
    const manifests = [...new Map(found.manifests.map(one => [one.digest, one])).values()]
    return {
      store: 'registry.example',
      repositories: [{ repository, tags: found.tags }],
      manifests,
      isWhole: isShared,
      removesTags: isShared,
    }
  })
  if (!isShared) return graphs
  const manifests = graphs.flatMap(({ manifests }) => manifests)
  return [
    {
      store: 'registry.example',
      repositories: graphs.flatMap(({ repositories }) => repositories),
      manifests: [...new Map(manifests.map(one => [one.digest, one])).values()],
      isWhole: true,
      removesTags: true,
    },
  ]
}

async function measure(way: string): Promise<boolean> {
  const graphs = graphsOf(way === 'shared')
  const rules = readRetention(RULES, await loadEngines(retentionEngines(RULES)))
  const began = performance.now()
  const { tags, manifests, removals } = judge(rules, graphs, {
    nowMs: NOW_MS,
    locked: new Set(),
    limits: { maxDeletePercent: 100, maxDeleteCount: TAGS },
  })
  const seconds = (performance.now() - began) / 1000
  const mib = process.resourceUsage().maxRSS / 1024
  const holds = seconds <= MOST_SECONDS && mib <= MOST_MIB
  process.stdout.write(
    `${way.padEnd(10)} ${seconds.toFixed(2)} s  ${Math.round(mib)} MiB  ${holds ? 'holds' : 'FAILS'}` +
      `  ${tags.length} tags, ${manifests.length} manifests, ${removals.length} removals\n`,
  )
  return holds
}

const [, script = '', way] = process.argv
if (way !== undefined) process.exitCode = (await measure(way)) ? 0 : 1
else {
  const codes = ['registries', 'shared'].map(
    way =>
      spawnSync(process.execPath, ['scripts/run-ts.mjs', script, way], { stdio: 'inherit' }).status,
  )
  process.exitCode = codes.every(code => code === 0) ? 0 : 1
}
