/**
 * What it takes to select from 100,000 tags: node scripts/run-ts.mjs bench/selection.ts
 *
 * Each policy has a process of its own, so that its peak of memory is its own as well; Node's share
 * and the listing are in it. Times are of the first selection, with nothing warmed up.
 */
import { spawnSync } from 'node:child_process'
import { findCandidates } from '../src/select/candidates.ts'
import { explain } from '../src/select/explain.ts'
import { nameTags } from '../src/select/naming.ts'
import { openPolicy } from '../src/select/open.ts'
import type { RuleKeys, TagPolicy } from '../src/select/policy.ts'
import { selectTags } from '../src/select/select.ts'

const TAGS = 100_000
const MOST_SECONDS = 1
const MOST_MIB = 300
const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 10, 24)

/** Versions, pre-releases and flavours, builds of a branch, and versions with a `v`. */
function tagAt(index: number): string {
  const number = Math.floor(index / 4)
  const version = `${number % 40}.${Math.floor(number / 40) % 25}.${Math.floor(number / 1000)}`
  switch (index % 4) {
    case 0:
      return version
    case 1:
      return `${version}-${number % 2 === 0 ? 'rc.1' : `alpine3.${number % 20}`}`
    case 2:
      return `main-${(number * 2_654_435_761).toString(16).slice(-7)}-${1_700_000_000 + number}`
    default:
      return `v0.${number}.${number % 7}`
  }
}

const rules: readonly (readonly [string, RuleKeys])[] = [
  ['per minor', { semver: '>=3 <30', newest: 3, per: 'minor', as: ['{tag}', '{semver.major}'] }],
  ['all versions', { semver: '*' }],
  ['flavours', { semver: '*', flavor: 'alpine{n}', newest: 5 }],
  ['captures', { regex: 'main-[a-f0-9]+-(?<ts>[0-9]+)', order: ['ts:number'], newest: 50 }],
  ['all as text', { glob: '*', order: ['text'], newest: 1 }],
  ['all there are', { glob: '*' }],
]

function policyOf(name: string): TagPolicy {
  const own = rules.filter(([other]) => other === name).map(([, rule]) => rule)
  const guards = { minAgeMs: 3 * DAY_MS, maxMajorJump: 1, allowDowngrade: false }
  return { tags: own, exclude: [{ glob: '*-rc*' }], guards }
}

/** In a process of its own. */
async function measure(name: string): Promise<void> {
  const listing = Array.from({ length: TAGS }, (_, index) => tagAt((index * 7919) % TAGS))
  const policy = await openPolicy(policyOf(name))
  const began = performance.now()
  const selection = selectTags(findCandidates(policy, listing), {
    nowMs: NOW_MS,
    locked: new Set(),
    sinceMs: tag => NOW_MS - Number(tag.at(-1)) * DAY_MS,
  })
  const { names } = nameTags(selection)
  const seconds = (performance.now() - began) / 1000
  const mebibytes = process.resourceUsage().maxRSS / 1024
  const explained = performance.now()
  explain(selection)
  const more = (performance.now() - explained) / 1000
  const holds = seconds <= MOST_SECONDS && mebibytes <= MOST_MIB ? 'holds' : 'FAILS'
  process.stdout.write(
    `${name.padEnd(14)} ${seconds.toFixed(2)} s  ${mebibytes.toFixed(0).padStart(4)} MiB  ${holds}` +
      `  ${selection.tags.length} chosen, ${names.length} names, explained in ${more.toFixed(2)} s\n`,
  )
}

const [, script = '', name] = process.argv
if (name !== undefined) await measure(name)
else {
  for (const [name] of rules) {
    spawnSync(process.execPath, ['scripts/run-ts.mjs', script, name], { stdio: 'inherit' })
  }
}
