/** What a search found, for people and for programs. */
import { MOST_RESULTS, type FoundRepository, type Search } from '../images/search.ts'
import type { FoundImage } from '../stores/searching.ts'
import { printable } from '../yaml/format.ts'
import { encodeDocument } from './json.ts'
import { createPaint } from './paint.ts'
import { layoutTable, type Column } from './table.ts'
import type { Template } from './template/template.ts'
import { formatCount } from './units.ts'
import { truncateEnd } from './width.ts'

export interface SearchLook {
  /** Of the terminal; absent in a pipe, where only descriptions and lists of tags are shortened. */
  readonly columns?: number | undefined
  readonly color: boolean
  readonly noTrunc: boolean
}

/** As docker cuts them. */
const DESCRIPTION_WIDTH = 45
const SHOWN_TAGS = 4
const OFFICIAL = '[OK]'
/** What may have been meant for a registry, although docker looks for it in Docker Hub. */
const HOST = /^(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?$/

const IMAGE_TITLES = {
  Name: 'NAME',
  Description: 'DESCRIPTION',
  StarCount: 'STARS',
  IsOfficial: 'OFFICIAL',
  IsAutomated: 'AUTOMATED',
} as const

const REPOSITORY_TITLES = { Name: 'NAME', Tags: 'TAGS', TagCount: 'TAG COUNT' } as const

export function describeSearch(search: Search, look: SearchLook): string {
  const { columns, color, noTrunc } = look
  const cut = (least: number) => (noTrunc ? {} : { least })
  const { Name, Description, StarCount, IsOfficial } = IMAGE_TITLES
  const table =
    search.kind === 'images'
      ? {
          heads: [
            { title: Name, ...cut(20) },
            { title: Description, ...cut(15) },
            { title: StarCount, align: 'right' } as const,
            { title: IsOfficial },
          ],
          rows: search.results
            .map(result => imageFields(result, look))
            .map(fields => [fields.Name, fields.Description, fields.StarCount, fields.IsOfficial]),
        }
      : {
          heads: [
            { title: REPOSITORY_TITLES.Name, ...cut(20) },
            { title: REPOSITORY_TITLES.Tags, ...cut(20) },
          ],
          rows: search.results.map(result => [result.name, tagsText(result, noTrunc)]),
        }
  return linesOf(layoutTable(table.heads, table.rows, { columns, paint: createPaint(color) }))
}

/** One line for each result, as a template has it. */
export function formatSearch(search: Search, template: Template, look: SearchLook): string {
  const rows: readonly object[] =
    search.kind === 'images'
      ? search.results.map(result => imageFields(result, look))
      : search.results.map(result => repositoryFields(result, look))
  const lines = rows.map(row => template.render(row))
  if (!template.isTable) return linesOf(lines)
  const titles = search.kind === 'images' ? IMAGE_TITLES : REPOSITORY_TITLES
  const [head = [], ...cells] = [template.header(titles), ...lines].map(line => line.split('\t'))
  const heads = head.map((title): Column => ({ title, ...(!look.noTrunc && { least: 8 }) }))
  const { columns, color } = look
  return linesOf(layoutTable(heads, cells, { columns, paint: createPaint(color) }))
}

function linesOf(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('')
}

/** Docker Hub's words are anybody's, so that nothing in them may reach a terminal as it is. */
function imageFields(
  { name, description, stars, isOfficial }: FoundImage,
  { noTrunc }: SearchLook,
): Record<keyof typeof IMAGE_TITLES, string> {
  const line = printable(description.replaceAll(/[\r\n]/g, ' '))
  return {
    Name: printable(name),
    Description: noTrunc ? line : truncateEnd(line, DESCRIPTION_WIDTH),
    StarCount: String(stars),
    IsOfficial: isOfficial ? OFFICIAL : '',
    IsAutomated: '',
  }
}

function repositoryFields(
  result: FoundRepository,
  { noTrunc }: SearchLook,
): Record<keyof typeof REPOSITORY_TITLES, string> {
  return {
    Name: printable(result.name),
    Tags: printable(tagsText(result, noTrunc)),
    TagCount: result.problem ? '?' : String(result.tags.length),
  }
}

/** `…, 1.2, 1.3, 1.4, latest (12)` */
function tagsText({ tags, problem }: FoundRepository, noTrunc: boolean): string {
  if (problem) return '?'
  if (tags.length === 0) return 'none'
  if (noTrunc || tags.length <= SHOWN_TAGS) return tags.join(', ')
  return `…, ${tags.slice(-SHOWN_TAGS).join(', ')} (${formatCount(tags.length)})`
}

/** What else there is to know of a search, for people. */
export function remarkOn(search: Search): string | undefined {
  const { store, term, results, total } = search
  const unseen = search.kind === 'images' ? search.unseen : undefined
  if (unseen) {
    const looked = `${formatCount(unseen.looked)} of ${formatCount(unseen.of)}`
    return `the filter looked at ${looked} results of ${store}; a longer TERM finds fewer`
  }
  if (total === 0) {
    const isHost = search.kind === 'images' && HOST.test(term)
    const there = isHost ? `; to look in a registry, put a / behind its host: ${term}/` : ''
    return printable(`nothing in ${store} matches "${term}"${there}`)
  }
  if (total === undefined || total <= results.length) return undefined
  const more =
    results.length < MOST_RESULTS
      ? `--limit shows up to ${MOST_RESULTS}`
      : 'a longer TERM finds fewer'
  return printable(`${formatCount(results.length)} of ${formatCount(total)} in ${store}; ${more}`)
}

/** The document of `--output json`. */
export function encodeSearch(search: Search): string {
  const { store, term, total } = search
  const shared = { formatVersion: '1.0', store, term, total: total ?? null }
  if (search.kind === 'repositories') {
    return encodeDocument({ ...shared, results: search.results.map(repositoryDocument) })
  }
  const { results, unseen } = search
  return encodeDocument({
    ...shared,
    ...(unseen && { unseen }),
    results: results.map(imageDocument),
  })
}

function imageDocument({ name, description, stars, isOfficial }: FoundImage) {
  return { name, description, stars, official: isOfficial }
}

function repositoryDocument({ name, tags, problem }: FoundRepository) {
  if (!problem) return { name, tags }
  return { name, error: { code: problem.code, message: problem.message } }
}
