/** `build`: one image from a context, by hand, under one name or several. */
import type { BuildLine } from '../builders/builder.ts'
import type { Choice } from '../execute/choose-builder.ts'
import { sealedAt } from '../execute/sealed-at.ts'
import { copyTo, type Copied } from '../images/copy.ts'
import type { ImageName } from '../images/names.ts'
import { newName } from '../images/tag.ts'
import type { Build } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import type { Call } from '../util/call.ts'
import type { Workbench } from './bench.ts'

export interface BuildWish {
  readonly build: Omit<Build, 'to'>
  /** Names in the bench's store; it may be none. */
  readonly names: readonly string[]
  /** Builds though the names stand for this very build already. */
  readonly fresh: boolean
  /** Told before anything is built. */
  readonly onBuilder: (choice: Choice) => void
  readonly onLine: (line: BuildLine) => void
}

export interface BuiltByHand {
  readonly digest: Digest
  /** `unchanged`: all names stood for it already, and nothing was built. */
  readonly result: 'done' | 'unchanged'
  readonly names: readonly (ImageName & Pick<Copied, 'replaced'>)[]
}

export async function buildByHand(
  { build, names, fresh, onBuilder, onLine }: BuildWish,
  bench: Workbench,
  call: Call,
): Promise<BuiltByHand> {
  const store = await bench.open(bench.home)
  const wanted: ImageName[] = []
  for (const name of names) wanted.push(await newName(name, store, bench, call))
  const prepared = await bench.prepareBuild({ ...build, to: [] }, call)
  if (!fresh && wanted.length > 0) {
    const made = await Promise.all(
      wanted.map(async ({ repository, tag }) => {
        const found = await store.resolve(repository, tag, call)
        const seen = { store, repository, found: found?.digest }
        const { keys, platforms } = prepared
        return sealedAt(seen, { keys: [...keys.values()], platforms }, bench.manifests, call)
      }),
    )
    const [first] = made
    if (first && made.every(one => one?.digest === first.digest)) {
      return { digest: first.digest, result: 'unchanged', names: wanted }
    }
  }
  const choice = await prepared.choose(call)
  onBuilder(choice)
  await using made = await prepared.run(choice.kind, { ...call, fresh, onLine })
  const { digest } = made.root.content
  bench.manifests.keep(made.root)
  const done: (ImageName & Pick<Copied, 'replaced'>)[] = []
  for (const name of wanted) {
    const from = { store: made.store, repository: made.repository, digest }
    const { replaced } = await copyTo({ from, to: { store, ...name }, platforms: [] }, bench, call)
    done.push({ ...name, ...(replaced !== undefined && { replaced }) })
  }
  return { digest, result: 'done', names: done }
}
