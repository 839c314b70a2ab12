/** Names and times in a lock, which are more than a schema can say. */

import { isRecord } from '../oci/descriptor.ts'
import { quote } from '../yaml/words.ts'
import { entriesAt } from './document.ts'
import {
  imageObjection,
  placeObjection,
  platformObjection,
  platformsObjection,
  sourceObjection,
  type Objection,
} from './names.ts'

/** What is said of the key at the end of `path`, or of its value where it is one. */
export interface Named extends Objection {
  readonly path: readonly string[]
  readonly of: 'key' | 'value'
}

/** All that is wrong with names in `value`, as far as it is a lock at all. */
export function* namesIn(value: unknown): Generator<Named> {
  for (const [image, inner] of entriesAt(value, 'images')) {
    yield* said(['images', image], imageObjection(image))
    for (const [source, reference] of entriesAt(inner, 'references')) {
      yield* namesInReference(['images', image, 'references', source], reference)
    }
  }
  for (const [tag, sight] of entriesAt(value, 'seen')) {
    yield* said(['seen', tag], placeObjection(tag))
    yield* saidOfText(['seen', tag, 'at'], sight, timeObjection)
  }
  for (const [place, inner] of entriesAt(value, 'retired')) {
    yield* said(['retired', place], placeObjection(place))
    yield* saidOfText(['retired', place, 'from'], inner, sourceObjection)
  }
}

function* namesInReference(path: readonly string[], reference: unknown): Generator<Named> {
  yield* said(path, sourceObjection(path.at(-1) ?? ''))
  const built = isRecord(reference) ? reference['built'] : undefined
  yield* saidOfText([...path, 'built', 'at'], built, timeObjection)
  for (const [platforms] of entriesAt(reference, 'platforms')) {
    yield* said([...path, 'platforms', platforms], platformsObjection(platforms))
  }
  for (const [place, inner] of entriesAt(reference, 'places')) {
    yield* said([...path, 'places', place], placeObjection(place))
    yield* saidOfText([...path, 'places', place, 'platform'], inner, platformObjection)
  }
}

function* said(path: readonly string[], objection: Objection | undefined): Generator<Named> {
  if (objection) yield { path, of: 'key', ...objection }
}

/** Of the text at the last step of `path` in `value`; what is no text is another's to say. */
function* saidOfText(
  path: readonly string[],
  value: unknown,
  objectionTo: (text: string) => Objection | undefined,
): Generator<Named> {
  const text = isRecord(value) ? value[path.at(-1) ?? ''] : undefined
  const objection = typeof text === 'string' && text !== '' ? objectionTo(text) : undefined
  if (objection) yield { path, of: 'value', ...objection }
}

const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/

/** Of the form there is, some are no days. */
function timeObjection(text: string): Objection | undefined {
  const time = new Date(text)
  if (!TIME.test(text)) return undefined
  const isReal =
    !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 19) === text.slice(0, 19)
  return isReal ? undefined : { message: `there is no ${quote(text)}` }
}
