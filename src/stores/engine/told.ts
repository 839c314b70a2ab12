/** An engine's answers about its images, as far as people are to read them. */
import { isRecord, parseDescriptor } from '../../oci/descriptor.ts'
import { isDigest } from '../../oci/digest.ts'
import type { DescribedImage, DescribedStep, DescribedUsage } from '../describing.ts'
import type { Facts } from './engine.ts'
import { parseListed, type Tagged } from './images.ts'
import { identityOf } from './look.ts'
import { repositoryOf } from './names.ts'

type Told = Readonly<Record<string, unknown>>

/** A list of images, by name, those without one last. */
export function parseDescribedList(
  list: readonly unknown[],
  facts: Facts,
  engine: string,
): readonly DescribedImage[] {
  return list.map(entry => parseDescribed(entry, facts, engine)).toSorted(byName)
}

/** One image of a list, with what it says besides its names. */
function parseDescribed(entry: unknown, facts: Facts, engine: string): DescribedImage {
  const { id, tags } = parseListed(entry, engine)
  const told: Told = isRecord(entry) ? entry : {}
  const { Created: created, Size: size, SharedSize: shared, Descriptor: descriptor } = told
  const identity = identityOf(
    {
      id,
      tags,
      platform: facts.platform,
      diffIds: [],
      ...(isRecord(descriptor) && {
        descriptor: parseDescriptor(descriptor, `what ${engine} says of an image`),
      }),
    },
    facts,
    engine,
  )
  const { mediaType, digest, size: length } = identity
  const at = timeOf(created)
  return {
    content: { mediaType, digest, size: length },
    names: tags.map(nameOf),
    called: textsOf(told['RepoTags']).filter(text => text !== '<none>:<none>'),
    digests: textsOf(told['RepoDigests']).filter(text => !text.startsWith('<none>')),
    ...(at !== undefined && { created: at }),
    labels: labelsOf(told['Labels']),
    size: countOf(size) ?? 0,
    ...(countOf(shared) !== undefined && { shared: countOf(shared) ?? 0 }),
  }
}

function nameOf(tagged: Tagged): DescribedImage['names'][number] {
  return { repository: repositoryOf(tagged), tag: tagged.tag }
}

/** What docker's `inspect` shows of an image, as the engine has it. */
const SHOWN = [
  'Id',
  'RepoTags',
  'RepoDigests',
  'Parent',
  'Comment',
  'Created',
  'DockerVersion',
  'Author',
  'Architecture',
  'Variant',
  'Os',
  'OsVersion',
  'Size',
  'Config',
  'RootFS',
  'Metadata',
  'Descriptor',
] as const

/** Engines leave out what is empty, and the newer they are the more. */
const EMPTY: Told = {
  RepoTags: [],
  RepoDigests: [],
  Parent: '',
  Comment: '',
  Created: '',
  DockerVersion: '',
  Author: '',
  Variant: '',
  OsVersion: '',
  Size: 0,
}
/** An engine's own document about an image, without what is only about how it is stored. */
export function parseShown(document: Told): Told {
  const shown = SHOWN.map(key => [key, document[key] ?? EMPTY[key]] as const)
  return Object.fromEntries(shown.filter(([, value]) => value !== undefined))
}

export function parseHistory(list: readonly unknown[]): readonly DescribedStep[] {
  return list.filter(isRecord).map(({ Id: id, Created, CreatedBy, Comment, Size: size }) => {
    const created = timeOf(Created)
    return {
      ...(typeof id === 'string' && isDigest(id) && { id }),
      ...(created !== undefined && { created }),
      ...(isText(CreatedBy) && { createdBy: CreatedBy }),
      ...(isText(Comment) && { comment: Comment }),
      size: countOf(size) ?? 0,
    }
  })
}

/** What Podman says of all layers is not what images take up. */
export function parseUsage(document: Told, facts: Facts, engine: string): DescribedUsage {
  const { Images: images, LayersSize: layers } = document
  const together = facts.keeps === 'podman' ? undefined : countOf(layers)
  return {
    images: parseDescribedList(Array.isArray(images) ? images : [], facts, engine),
    ...(together !== undefined && { together }),
  }
}

function byName(a: DescribedImage, b: DescribedImage): number {
  const [first, second] = [a.called[0], b.called[0]]
  if (first !== undefined && second !== undefined) return compare(first, second)
  if (first !== undefined) return -1
  return second === undefined ? compare(a.content.digest, b.content.digest) : 1
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function labelsOf(value: unknown): ReadonlyMap<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : []
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** In seconds since 1970. */
function timeOf(value: unknown): string | undefined {
  const date = new Date(typeof value === 'number' ? value * 1000 : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('.000Z', 'Z')
}

/** `-1` stands for what was not counted. */
function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(text => typeof text === 'string').toSorted() : []
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
