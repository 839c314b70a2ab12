import { byCodePoint } from '../util/code-points.ts'
import { portsOf } from './ports.ts'
import { changed, expandWord, type StageContext, type StageState } from './stage-state.ts'
import type { Expose, Word } from './types.ts'

/** Every port that there is, of every protocol. */
const MOST_PORTS = 3 * 65_536

export function applyExpose(
  state: StageState,
  { ports, at }: Expose,
  context: StageContext,
): StageState {
  const all: string[] = []
  for (const word of ports.toSorted((a, b) => byCodePoint(a.text, b.text))) {
    addPorts(all, word, state, context)
  }
  const exposedPorts = new Set([...(state.config.exposedPorts ?? []), ...all])
  const next = { ...state, config: { ...state.config, exposedPorts } }
  return changed(next, `EXPOSE [${all.join(' ')}]`, { at, context })
}

/** The only instruction in which a variable may come to several words. */
function addPorts(
  all: string[],
  word: Word,
  { variables }: StageState,
  { source, escape }: StageContext,
): void {
  const refuse = (message: string, hint: string) => source.error(word.at, { message, hint })
  for (const text of expandWord(word, variables, { source, escape }).words) {
    for (const port of portsOf(text, refuse)) all.push(port)
    if (all.length > MOST_PORTS) throw refuse('more ports than there are', 'name each one once')
  }
}
