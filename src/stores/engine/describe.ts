/** What an engine tells of its images, for people to read. */
import type { Digest } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'
import type { Call } from '../../util/call.ts'
import type { DescribedImage, DescribedStep, DescribedUsage, Narrowing } from '../describing.ts'
import { isAbsent, isBefore, type Engine } from './engine.ts'
import { refusal } from './failure.ts'
import { parseList } from './images.ts'
import { imagePath } from './names.ts'
import { parseDescribedList, parseHistory, parseShown, parseUsage } from './told.ts'

type Told = Readonly<Record<string, unknown>>

export async function describeImages(
  engine: Engine,
  which: Narrowing = {},
  call?: Call,
): Promise<readonly DescribedImage[]> {
  const what = 'listing its images'
  const facts = await engine.facts(call)
  const query = new URLSearchParams({ all: which.all === true ? '1' : '0', digests: '1' })
  const filters = filtersOf(which)
  if (Object.keys(filters).length > 0) query.set('filters', JSON.stringify(filters))
  const reply = await engine.ask({ path: `/images/json?${query.toString()}`, what }, call)
  if (reply.status !== 200) throw refusal(engine.name, what, reply)
  const list = parseList(reply.body, `the list of images of ${engine.name}`)
  return parseDescribedList(list, facts, engine.name)
}

function filtersOf({
  dangling,
  labels = [],
  before,
  since,
  references = [],
}: Narrowing): Readonly<Record<string, readonly string[]>> {
  return {
    ...(dangling !== undefined && { dangling: [String(dangling)] }),
    ...(labels.length > 0 && { label: labels }),
    ...(before !== undefined && { before: [before] }),
    ...(since !== undefined && { since: [since] }),
    ...(references.length > 0 && { reference: references }),
  }
}

export async function inspectForPeople(
  engine: Engine,
  image: Digest,
  call?: Call,
): Promise<Told | undefined> {
  const what = `inspecting ${image}`
  const reply = await engine.ask({ path: `${imagePath(image)}/json`, what }, call)
  if (isAbsent(reply)) return undefined
  if (reply.status !== 200) throw refusal(engine.name, what, reply)
  return parseShown(parseDocument(reply.body, `what ${engine.name} says of an image`))
}

export async function historyOf(
  engine: Engine,
  image: Digest,
  call?: Call,
): Promise<readonly DescribedStep[] | undefined> {
  const what = `telling the history of ${image}`
  const reply = await engine.ask({ path: `${imagePath(image)}/history`, what }, call)
  if (isAbsent(reply)) return undefined
  if (reply.status !== 200) throw refusal(engine.name, what, reply)
  return parseHistory(parseList(reply.body, `what ${engine.name} says of an image's history`))
}

/** Since version 1.42 it need not count what containers and volumes take up. */
const TYPED = [1, 42] as const

export async function usageOf(engine: Engine, call?: Call): Promise<DescribedUsage> {
  const what = 'telling what its images take up'
  const facts = await engine.facts(call)
  const path = `/system/df${isBefore(facts.version, TYPED) ? '' : '?type=image'}`
  const reply = await engine.ask({ path, what, slow: true }, call)
  if (reply.status !== 200) throw refusal(engine.name, what, reply)
  return parseUsage(
    parseDocument(reply.body, `what ${engine.name} says of its images`),
    facts,
    engine.name,
  )
}
