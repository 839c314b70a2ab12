/** The images of a store, for people and for programs. */
import { hexOf } from '../oci/digest.ts'
import { shownRepository } from '../images/names.ts'
import {
  createdOf,
  sizeOfImage,
  sizesOf,
  type Survey,
  type SurveyedImage,
} from '../images/survey.ts'
import type { DescribedImage } from '../stores/describing.ts'
import { formatRows } from './formatted.ts'
import { createPaint } from './paint.ts'
import { layoutTable, type Column } from './table.ts'
import type { Template } from './template/template.ts'
import { count, formatAge, formatBytes } from './units.ts'

export interface ImagesLook {
  /** Of the terminal; absent in a pipe, where nothing is shortened. */
  readonly columns?: number | undefined
  readonly color: boolean
  readonly digests: boolean
  readonly noTrunc: boolean
  readonly now: Date
}

const NONE = '<none>'
const ID_DIGITS = 12

export function idOf({ digest }: SurveyedImage['content'], noTrunc: boolean): string {
  return noTrunc ? digest : hexOf(digest).slice(0, ID_DIGITS)
}

/** One row for each name, and a last line that says what sharing saves. */
export function describeImages(survey: Survey, look: ImagesLook): string {
  const paint = createPaint(look.color)
  return [...describeRows(survey.images, look), '', paint.bold(summary(survey)), ''].join('\n')
}

export function describeRows(
  images: readonly SurveyedImage[],
  look: ImagesLook,
): readonly string[] {
  const { columns, color, digests } = look
  const heads: readonly Column[] = [
    { title: 'REPOSITORY', least: 12 },
    { title: 'TAG', least: 8 },
    ...(digests ? [{ title: 'DIGEST', least: 15 }] : []),
    { title: 'IMAGE ID' },
    { title: 'CREATED' },
    { title: 'SIZE', align: 'right' },
  ]
  const rows = rowsOf(images, digests).map(({ image, repository, tag, digest }) => [
    repository,
    tag,
    ...(digests ? [digest] : []),
    idOf(image.content, look.noTrunc),
    ageOf(image, look.now),
    shownSize(image),
  ])
  return layoutTable(heads, rows, { columns, paint: createPaint(color) })
}

/** What `--format` may name of an image, under its title in a table. */
const FIELDS = {
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
} as const

/** One line for each name, as a template has it. */
export function formatImages(
  images: readonly SurveyedImage[],
  template: Template,
  look: ImagesLook,
): string {
  const { noTrunc, now, digests } = look
  const rows = rowsOf(images, digests).map(
    ({ image, repository, tag, digest }): Record<keyof typeof FIELDS, string> => ({
      ID: idOf(image.content, noTrunc),
      Repository: repository,
      Tag: tag,
      Digest: digest,
      CreatedSince: ageOf(image, now),
      CreatedAt: createdOf(image) ?? NONE,
      Size: shownSize(image),
    }),
  )
  return formatRows(rows, FIELDS, template, look)
}

interface Named {
  readonly repository: string
  readonly tag: string
  readonly digest: string
}

interface ImageRow extends Named {
  readonly image: SurveyedImage
}

/**
 * A row for each name: those of one repository together, the newest image first; before them, the
 * repositories of newer images. What has no repository comes last.
 */
function rowsOf(images: readonly SurveyedImage[], digests: boolean): readonly ImageRow[] {
  const repositories = repositoriesOf(images)
  const rows = images.flatMap(image =>
    namesFor(image, repositories, digests).map(name => ({ image, ...name })),
  )
  const age = ({ image }: ImageRow) => -(createdMs(image) ?? -Infinity)
  const youngest = new Map<string, number>()
  for (const row of rows) {
    const known = youngest.get(row.repository) ?? Infinity
    youngest.set(row.repository, Math.min(known, age(row)))
  }
  const ageOfRepository = ({ repository }: ImageRow) => youngest.get(repository) ?? Infinity
  return rows.toSorted(
    (a, b) =>
      Number(a.repository === NONE) - Number(b.repository === NONE) ||
      compare(ageOfRepository(a), ageOfRepository(b)) ||
      compare(a.repository, b.repository) ||
      compare(age(a), age(b)) ||
      compare(a.tag, b.tag),
  )
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function repositoriesOf(images: readonly SurveyedImage[]): ReadonlySet<string> {
  return new Set(images.flatMap(({ names }) => names.map(({ repository }) => repository)))
}

function namesFor(
  { names, aside, content: { digest }, described }: SurveyedImage,
  repositories: ReadonlySet<string>,
  digests: boolean,
): readonly Named[] {
  if (described) return dockersRows(described, digests)
  if (names.length === 0) return [{ repository: NONE, tag: aside ?? NONE, digest }]
  return names.map(({ repository, tag }) => ({
    repository: shownRepository(repository, repositories),
    tag,
    digest,
  }))
}

/**
 * A row for each name, and for what only a digest names; where digests are shown, one for each that
 * the repository is known to have had it under.
 */
function dockersRows(
  { called, digests: known }: DescribedImage,
  isShown: boolean,
): readonly Named[] {
  const digests = known.map(text => cut(text, '@'))
  const tagged = called.map(text => cut(text, ':'))
  const rows = tagged.flatMap(([repository, tag]) => {
    const own = isShown ? digests.filter(([of]) => of === repository) : []
    const all = own.length > 0 ? own.map(([, digest]) => digest) : [NONE]
    return all.map(digest => ({ repository, tag, digest }))
  })
  const others = digests.filter(([of]) => !tagged.some(([repository]) => repository === of))
  const rest = others.map(([repository, digest]) => ({ repository, tag: NONE, digest }))
  const all = [...rows, ...(isShown ? rest : rest.slice(0, 1))]
  return all.length > 0 ? all : [{ repository: NONE, tag: NONE, digest: NONE }]
}

/** What is before the last `sign`, and what is after it. */
function cut(text: string, sign: string): readonly [string, string] {
  const at = text.lastIndexOf(sign)
  return [text.slice(0, at), text.slice(at + 1)]
}

function shownSize(image: SurveyedImage): string {
  const size = sizeOfImage(image)
  return size === undefined ? '?' : formatBytes(size)
}

function createdMs(image: SurveyedImage): number | undefined {
  const created = createdOf(image)
  return created === undefined ? undefined : Date.parse(created)
}

function ageOf(image: SurveyedImage, now: Date): string {
  const created = createdMs(image)
  return created === undefined ? '-' : formatAge(now.getTime() - created)
}

function summary(survey: Survey): string {
  const { apart, together } = sizesOf(survey)
  const saved = apart - together
  const shared = saved === 0 ? '' : `, of which sharing saves ${formatBytes(saved)}`
  const { images, store } = survey
  return `${count(images.length, 'image')} in ${store.name}, ${formatBytes(apart)}${shared}`
}

/** The document of `--output json`. */
export function encodeImages(survey: Survey): string {
  const { apart, together } = sizesOf(survey)
  const document = {
    formatVersion: '1.0',
    store: survey.store.name,
    size: apart,
    sharedSize: apart - together,
    images: survey.images.map(({ content, names, aside, facts, described, problem }) => ({
      id: content.digest,
      mediaType: content.mediaType,
      names: names.map(({ repository, tag }) => ({ repository, tag })),
      ...(aside !== undefined && { aside }),
      ...(facts && {
        created: facts.variant?.config?.created ?? null,
        size: facts.size,
        platforms: facts.platforms,
      }),
      ...(described && {
        digests: described.digests,
        created: described.created ?? null,
        size: described.size,
      }),
      ...(problem && { error: { code: problem.code, message: problem.message } }),
    })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
