/** Rules and entries that are about nothing: misspelt, or no longer needed. */

import type { OpenCase } from './open-case.ts'
import type { ReadEntry, ReadRule } from './read-rules.ts'
import type { Unmatched } from './verdicts.ts'

export function unmatchedBy(
  rules: readonly ReadRule[],
  cases: readonly OpenCase[],
): readonly Unmatched[] {
  const used = new Set(cases.flatMap(({ used }) => [...used]))
  return rules.flatMap(rule => {
    const covered = cases.filter(({ case: { graph } }) =>
      graph.observed.repositories.some(({ repository }) =>
        rule.where.covers(graph.observed.store, repository),
      ),
    )
    if (covered.length === 0) {
      return [{ rule: rule.rule, message: `no repository is in ${rule.where.text}` }]
    }
    return rule.entries.flatMap(entry => {
      const message = used.has(entry) ? undefined : complaint(entry, rule, covered)
      const { list, entry: index } = entry
      return message === undefined
        ? []
        : [{ rule: rule.rule, entry: { list, entry: index }, message }]
    })
  })
}

function complaint(
  entry: ReadEntry,
  rule: ReadRule,
  covered: readonly OpenCase[],
): string | undefined {
  switch (entry.about.kind) {
    case 'lock':
      return undefined
    case 'untagged':
      return unseen(rule, covered)
    case 'name':
    case 'tags':
      return isKnown(rule, covered)
        ? `${entry.list} ${entry.text} takes no tag in ${rule.where.text}`
        : undefined
  }
}

/** What was not seen may be what it takes; and where there is no tag, that is told of already. */
function isKnown({ where }: ReadRule, covered: readonly OpenCase[]): boolean {
  const all = covered.flatMap(({ case: { graph }, frozen }) =>
    graph.observed.repositories
      .filter(({ repository }) => where.covers(graph.observed.store, repository))
      .map(({ repository, tags }) => ({ isBlind: frozen.has(repository), count: tags.length })),
  )
  return all.every(({ isBlind }) => !isBlind) && all.some(({ count }) => count > 0)
}

/** Where the entry cannot find anything, however much there is. */
function unseen({ where }: ReadRule, covered: readonly OpenCase[]): string | undefined {
  const why = covered.map(({ case: { graph } }) => {
    const { store, isWhole, manifests } = graph.observed
    if (!isWhole) return `${store} does not list what is untagged`
    const isShared = manifests.some(({ repository }) => repository === undefined)
    return isShared && !where.coversStore(store)
      ? `what is untagged in ${store} is of no repository: a rule in ${store}/** finds it`
      : undefined
  })
  return why.every(one => one !== undefined) ? why[0] : undefined
}
