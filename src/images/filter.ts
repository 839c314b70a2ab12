/** `--filter` of docker's `images`. */
import { InputError } from '../errors.ts'
import { compileGlob } from '../select/glob.ts'
import type { ImageConfig } from './config.ts'
import { shownRepository, type ImageName } from './names.ts'

const KEYS = ['dangling', 'label', 'before', 'since', 'reference'] as const

/** What `--filter` says. Those of one kind all apply, but any of the references will do. */
export interface Filters {
  readonly dangling?: boolean
  /** `undefined`: any value. */
  readonly labels: readonly { readonly key: string; readonly value?: string }[]
  /** Images that others are to be older or younger than. */
  readonly before: readonly string[]
  readonly since: readonly string[]
  readonly references: readonly string[]
}

export function parseFilters(texts: readonly string[]): Filters {
  const parts = texts.map(text => {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
    const key = KEYS.find(known => known === name)
    if (key === undefined || value === '') throw wrong(text)
    return { key, value }
  })
  const all = (key: string) => parts.filter(part => part.key === key).map(({ value }) => value)
  const dangling = all('dangling').map(value => truth(value))
  return {
    ...(dangling.length > 0 && { dangling: dangling.every(Boolean) }),
    labels: all('label').map(parseLabel),
    before: all('before'),
    since: all('since'),
    references: all('reference'),
  }
}

export function parseLabel(text: string): Filters['labels'][number] {
  const [, key = text, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  return { key, ...(value !== undefined && { value }) }
}

function truth(value: string): boolean {
  if (['true', '1', 'True', 'TRUE', 't', 'T'].includes(value)) return true
  if (['false', '0', 'False', 'FALSE', 'f', 'F'].includes(value)) return false
  throw wrong(`dangling=${value}`)
}

function wrong(text: string): InputError {
  return new InputError('BAD_ARGUMENT', `--filter cannot be "${text}"`, {
    hint: 'it takes dangling=true or false, label=KEY or KEY=VALUE, before=IMAGE, since=IMAGE, reference=PATTERN',
  })
}

/** Whether they ask for more than names. */
export function needFacts({ labels, before, since }: Filters): boolean {
  return labels.length + before.length + since.length > 0
}

/** The names that a list of patterns lets through; without any, all. */
export function nameFilter(
  patterns: readonly string[],
  all: ReadonlySet<string>,
): (name: ImageName) => boolean {
  if (patterns.length === 0) return () => true
  const matching = patterns.map(compileGlob)
  return ({ repository, tag }) => {
    const shown = shownRepository(repository, all)
    const forms = [shown, `${shown}:${tag}`, repository, `${repository}:${tag}`]
    return matching.some(matches => forms.some(matches))
  }
}

export function hasLabels(
  config: Pick<ImageConfig, 'labels'> | undefined,
  wanted: Filters['labels'],
): boolean {
  return wanted.every(({ key, value }) => {
    const found = config?.labels.get(key)
    return found !== undefined && (value === undefined || value === found)
  })
}
