/** Pulls onto a disk that is full sooner or later, and the run that finds room again. */
import assert from 'node:assert/strict'
import { cp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Report } from '../../src/plan/types.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import { skopeoCopy, skopeoRaw } from '../live/support/skopeo.ts'
import { mountSmallDisk, type SmallDisk } from '../live/support/small-disk.ts'
import { waybill, type CliResult } from '../support/cli.ts'
import { makeImage, makeIndex } from '../support/images.ts'
import { openFolder, seedFake } from '../support/project.ts'
import { assertComplete, checkLayout, type LayoutCheck } from './layout-check.ts'
import { splitName, type Wishes } from './wishes.ts'

export interface FullDiskInit {
  readonly note: (text: string) => void
  readonly bin?: string
}

const KIB = 1024
const MIB = 1024 * KIB
const PAGE = 4 * KIB
/** More than two small images and all the files around them take. */
const MOST_PAGES = 24

/**
 * The disk gets full in the middle of a pull; then it gets more room. How many images were there
 * in between, and how many in the end.
 */
export function runOutOfSpace(init: FullDiskInit): Promise<readonly [number, number]> {
  return onDiskOf(4 * MIB, init, outOfSpace)
}

async function outOfSpace(stage: Stage): Promise<readonly [number, number]> {
  const { disk, note } = stage
  const wishes = await wish(stage, { small: 6, bytes: 300 * KIB, large: 3 * MIB })
  const failed = await run(stage)
  assertFull(failed)
  const partly = await check(stage, wishes)
  note(`full: ${partly.names.length} of ${wishes.size} images are there`)
  await skopeoReads(stage, wishes, partly.names)

  await disk.resize(16 * MIB)
  assert.equal((await run(stage)).code, 0)
  const whole = await check(stage, wishes)
  assertComplete(whole, wishes)
  await skopeoReads(stage, wishes, whole.names)
  return [partly.names.length, whole.names.length]
}

/**
 * The disk is as good as full before anything begins, and has one page more each time, until they
 * are enough. How many were.
 */
export function runWithoutRoom(init: FullDiskInit): Promise<number> {
  return onDiskOf(16 * MIB, init, withoutRoom)
}

async function withoutRoom(stage: Stage): Promise<number> {
  const { disk, note } = stage
  const first = await wish(stage, { small: 2, bytes: PAGE })
  assert.equal((await run(stage)).code, 0)
  const wishes = await wish(stage, { small: 4, bytes: PAGE })
  for (let pages = 0; pages <= MOST_PAGES; pages++) {
    await leave(disk, pages)
    const plan = await run(stage, ['plan', '-o', 'disk/plan.json'])
    await assertPlanned(stage, plan)
    const reconciled = await run(stage)
    if (reconciled.code !== 0) assertFull(reconciled)
    const { names } = await check(stage, wishes)
    note(`${pages} pages: plan ${plan.code}, reconcile ${reconciled.code}, ${names.length} images`)
    assert.ok(names.length >= first.size)
    await skopeoReads(stage, wishes, names.slice(0, 1))
    await rm(join(disk.path, 'plan.json'), { force: true })
    if (reconciled.code !== 0) continue
    assertComplete(await check(stage, wishes), wishes)
    return pages
  }
  throw new Error(`${MOST_PAGES} pages are not enough`)
}

interface Stage extends FullDiskInit {
  readonly source: FakeRegistry
  readonly folder: string
  readonly disk: SmallDisk
}

async function onDiskOf<T>(
  bytes: number,
  init: FullDiskInit,
  body: (stage: Stage) => Promise<T>,
): Promise<T> {
  await using source = await startFakeRegistry()
  await using folder = await openFolder()
  await using disk = await mountSmallDisk(folder.path, bytes)
  return await body({ ...init, source, folder: folder.path, disk })
}

async function wish(
  { source, disk }: Stage,
  sizes: { readonly small: number; readonly bytes: number; readonly large?: number },
): Promise<Wishes> {
  const base = { size: PAGE, seed: 'base' }
  const wishes = new Map()
  for (let index = 0; index < sizes.small; index++) {
    const layers = [base, { size: sizes.bytes }]
    wishes.set(`acme/app:v${index}`, await makeImage({ seed: `v${index}`, layers }))
  }
  const child = await makeImage({ seed: 'child', layers: [base] })
  wishes.set('acme/app:index', makeIndex([child], { attestations: true }))
  if (sizes.large !== undefined) {
    const layers = [base, { size: sizes.large }]
    wishes.set('acme/app:large', await makeImage({ seed: 'large', layers }))
  }
  for (const [name, image] of wishes) seedFake(source, ...splitName(name), image)
  const tags = [...wishes.keys()].map(name => splitName(name)[1])
  await writeFile(
    join(disk.path, 'images.yaml'),
    `version: 1
images:
  - from: ${source.host}/acme/app
    tags: [${tags.join(', ')}]
    to: local/acme/app
`,
  )
  return wishes
}

function run(
  { folder, disk, bin }: Stage,
  args: readonly string[] = ['reconcile', '--output', 'json'],
): Promise<CliResult> {
  return waybill([...args, '--file', 'disk/images.yaml'], {
    cwd: folder,
    within: disk.within,
    ...(bin !== undefined && { bin }),
  })
}

const FULL = /the disk is full|no space left on device/

/** Where a run could begin, each image that failed says why; else the one error does. */
function assertFull({ code, stdout, stderr }: CliResult): void {
  if (stdout === '') {
    assert.equal(code, 1, stderr)
    assert.match(stderr, /disk\/\.waybill\/images\.yaml\.run/)
    assert.match(stderr, FULL)
    return
  }
  assert.equal(code, 3, stderr)
  const report: Report = JSON.parse(stdout)
  const failed = report.steps.flatMap(({ to }) => to).filter(({ result }) => result === 'failed')
  assert.ok(failed.length > 0)
  for (const { at, error } of failed) {
    assert.match(error?.message ?? '', /^destination: local: (?:\S+: )?the disk is full$/, at)
    assert.match(error?.hint ?? '', /free some space/)
  }
}

/** A whole plan, or none and why. */
async function assertPlanned({ disk }: Stage, { code, stderr }: CliResult): Promise<void> {
  const names = await readdir(disk.path)
  assert.deepEqual(
    names.filter(name => name.endsWith('.tmp')),
    [],
  )
  assert.equal(names.includes('plan.json'), code === 0)
  if (code === 0) return
  assert.match(stderr, /the plan cannot be written to disk\/plan\.json/)
  assert.match(stderr, FULL)
}

/** Whatever is in the layout is sound, and nothing is left of what did not fit. */
async function check({ disk }: Stage, wishes: Wishes): Promise<LayoutCheck> {
  const state = join(disk.path, '.waybill')
  const found = await checkLayout(join(state, 'store'), wishes)
  assert.deepEqual(found.strays, [], 'left in the layout')
  const beside = (await readdir(state)).filter(name => name !== 'store')
  assert.deepEqual(beside, [], 'left beside the manifest')
  return found
}

async function skopeoReads(
  { disk, folder }: Stage,
  wishes: Wishes,
  names: readonly string[],
): Promise<void> {
  // it follows the link by which the disk is seen from outside, and loses it
  const seen = join(folder, 'seen')
  const copies = join(folder, 'copies')
  await cp(join(disk.path, '.waybill/store'), seen, { recursive: true })
  for (const name of names) {
    const ref = `oci:${seen}:${name}`
    assert.ok(wishes.get(name)?.manifest.bytes.equals(await skopeoRaw(ref)), ref)
    await skopeoCopy(ref, `oci:${copies}:${name}`)
  }
  for (const path of [seen, copies]) await rm(path, { recursive: true, force: true })
}

const FILLER = 'filler'

/** Fills the disk up to so many pages. */
async function leave({ path }: SmallDisk, pages: number): Promise<void> {
  const filler = join(path, FILLER)
  await rm(filler, { force: true })
  const file = await open(filler, 'w')
  try {
    for (const size of [64 * KIB, PAGE]) await writeToTheEnd(() => file.write(Buffer.alloc(size)))
  } finally {
    await file.close()
  }
  const { size } = await stat(filler)
  await truncate(filler, size - (size % PAGE) - pages * PAGE)
}

async function writeToTheEnd(write: () => Promise<unknown>): Promise<void> {
  try {
    for (;;) await write()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}
