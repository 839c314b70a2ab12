/** The images of a store, for people and for programs. */
import { hexOf } from '../oci/digest.ts'
import { shownRepository, type ImageName } from '../images/names.ts'
import { createdAt, sizesOf, type SurveyedImage } from '../images/survey.ts'
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
export function describeImages(
  images: readonly SurveyedImage[],
  store: string,
  look: ImagesLook,
): string {
  const { columns, color, digests } = look
  const paint = createPaint(color)
  const heads: readonly Column[] = [
    { title: 'REPOSITORY', least: 12 },
    { title: 'TAG', least: 8 },
    ...(digests ? [{ title: 'DIGEST', least: 15 }] : []),
    { title: 'IMAGE ID' },
    { title: 'CREATED' },
    { title: 'SIZE', align: 'right' },
  ]
  const rows = rowsOf(images).map(({ image, repository, tag }) => [
    repository,
    tag,
    ...(digests ? [image.content.digest] : []),
    idOf(image.content, look.noTrunc),
    ageOf(image, look.now),
    image.facts ? formatBytes(image.facts.size) : '?',
  ])
  const table = layoutTable(heads, rows, { columns, paint })
  return [...table, '', paint.bold(summary(images, store)), ''].join('\n')
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
  const { noTrunc, now } = look
  const rows = rowsOf(images).map(
    ({ image, repository, tag }): Record<keyof typeof FIELDS, string> => ({
      ID: idOf(image.content, noTrunc),
      Repository: repository,
      Tag: tag,
      Digest: image.content.digest,
      CreatedSince: ageOf(image, now),
      CreatedAt: image.facts?.variant?.config?.created ?? NONE,
      Size: image.facts ? formatBytes(image.facts.size) : '?',
    }),
  )
  return formatRows(rows, FIELDS, template, look)
}

interface ImageRow extends ImageName {
  readonly image: SurveyedImage
}

/**
 * A row for each name: those of one repository together, the newest image first; before them, the
 * repositories of newer images. What has no repository comes last.
 */
function rowsOf(images: readonly SurveyedImage[]): readonly ImageRow[] {
  const repositories = repositoriesOf(images)
  const rows = images.flatMap(image =>
    namesFor(image, repositories).map(name => ({ image, ...name })),
  )
  const age = ({ image: { facts } }: ImageRow) => -(createdAt(facts) ?? -Infinity)
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
  { names, aside }: SurveyedImage,
  repositories: ReadonlySet<string>,
): readonly ImageName[] {
  if (names.length === 0) return [{ repository: NONE, tag: aside ?? NONE }]
  return names.map(({ repository, tag }) => ({
    repository: shownRepository(repository, repositories),
    tag,
  }))
}

function ageOf({ facts }: SurveyedImage, now: Date): string {
  const created = createdAt(facts)
  return created === undefined ? '-' : formatAge(now.getTime() - created)
}

function summary(images: readonly SurveyedImage[], store: string): string {
  const { apart, together } = sizesOf(images)
  const saved = apart - together
  const shared = saved === 0 ? '' : `, of which sharing saves ${formatBytes(saved)}`
  return `${count(images.length, 'image')} in ${store}, ${formatBytes(apart)}${shared}`
}

/** The document of `--output json`. */
export function encodeImages(images: readonly SurveyedImage[], store: string): string {
  const { apart, together } = sizesOf(images)
  const document = {
    formatVersion: '1.0',
    store,
    size: apart,
    sharedSize: apart - together,
    images: images.map(({ content, names, aside, facts, problem }) => ({
      id: content.digest,
      mediaType: content.mediaType,
      names: names.map(({ repository, tag }) => ({ repository, tag })),
      ...(aside !== undefined && { aside }),
      ...(facts && {
        created: facts.variant?.config?.created ?? null,
        size: facts.size,
        platforms: facts.platforms,
      }),
      ...(problem && { error: { code: problem.code, message: problem.message } }),
    })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
