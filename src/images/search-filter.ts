/** `--filter` of docker's `search`. */
import { InputError } from '../errors.ts'
import type { FoundImage } from '../stores/searching.ts'

export interface SearchFilters {
  readonly isOfficial?: boolean
  /** Docker Hub marks none any more, so that nothing is. */
  readonly isAutomated?: boolean
  /** At least so many. */
  readonly stars?: number
}

const TRUTHS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

/** Where one is given again they all apply: the most stars, and not both yes and no. */
export function parseSearchFilters(texts: readonly string[]): SearchFilters {
  const filters: { -readonly [Key in keyof SearchFilters]: SearchFilters[Key] } = {}
  for (const text of texts) {
    const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
    switch (key) {
      case 'is-official':
        filters.isOfficial = agreeing(text, truth(text, value), filters.isOfficial)
        break
      case 'is-automated':
        filters.isAutomated = agreeing(text, truth(text, value), filters.isAutomated)
        break
      case 'stars':
        filters.stars = Math.max(countOf(text, value), filters.stars ?? 0)
        break
      default:
        throw wrong(text)
    }
  }
  return filters
}

export function passes({ stars, isOfficial }: FoundImage, filters: SearchFilters): boolean {
  if (filters.isAutomated === true) return false
  if (filters.isOfficial !== undefined && filters.isOfficial !== isOfficial) return false
  return stars >= (filters.stars ?? 0)
}

function truth(text: string, value: string): boolean {
  const found = TRUTHS.get(value)
  if (found === undefined) throw wrong(text)
  return found
}

function agreeing(text: string, value: boolean, before: boolean | undefined): boolean {
  if (before === undefined || before === value) return value
  throw new InputError('BAD_ARGUMENT', `--filter cannot be "${text}" and its opposite at once`)
}

function countOf(text: string, value: string): number {
  const count = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(count)) throw wrong(text)
  return count
}

function wrong(text: string): InputError {
  return new InputError('BAD_ARGUMENT', `--filter cannot be "${text}"`, {
    hint: 'it takes is-official=true or false, stars=N for at least N, is-automated=true or false',
  })
}
