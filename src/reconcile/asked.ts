/** What a manifest and its lock ask for of one store, for whoever removes what nobody asks for. */
import { realpath } from 'node:fs/promises'
import { InputError, StoreError, WaybillError } from '../errors.ts'
import type { Asked } from '../images/prune-layout.ts'
import { checkLockBelongs } from '../lock/belongs.ts'
import { openLockFile } from '../lock/file.ts'
import type { Lock } from '../lock/types.ts'
import { loadManifest } from '../manifest/load.ts'
import type { Manifest, StoreSettings } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatReference, type Reference } from '../oci/reference.ts'
import { couldChoose } from '../select/fits.ts'
import type { Call } from '../util/call.ts'
import { unless } from '../util/errno.ts'
import type { Workbench } from './bench.ts'
import { openChoices, type OpenChoice } from './choose.ts'

export interface AskedInit {
  /** `--file` arguments; none: `images.yaml`. */
  readonly files: readonly string[]
  readonly registriesFile?: string | undefined
  /** As given with `--lock`. */
  readonly lock?: string | undefined
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Throws where there is no manifest, or no lock of it, where it has no such store, and where it
 * cannot be told what its builds are made of.
 */
export async function openAsked(
  init: AskedInit,
  { home, basesOf }: Pick<Workbench, 'home' | 'basesOf'>,
  call: Call = {},
): Promise<Asked> {
  const { cwd, env, registriesFile } = init
  const files = init.files.length > 0 ? init.files : ['images.yaml']
  const manifest = await manifestOf({ files, registriesFile, cwd, env }, call)
  const file = await openLockFile({ path: init.lock, files, cwd }, call)
  if (file.lock === undefined) {
    throw new InputError(
      'LOCK_MISSING',
      `there is no ${file.path}, which says what is still needed`,
      {
        hint: 'make one with "waybill update", or name it with --lock',
      },
    )
  }
  checkLockBelongs(file.lock, { name: manifest.name, files, lockPath: file.path, cwd })
  const stores = await namesOf(home, manifest)
  const choices = await openChoices(manifest.choices)
  const bases = await basesIn(manifest, basesOf, call)
  const names = new Set([
    ...namesIn(file.lock),
    ...namesInManifest(manifest),
    ...bases.map(({ digest: _, tag = 'latest', ...base }) => formatReference({ ...base, tag })),
  ])
  return {
    asks: ({ repository, tag }) =>
      stores.some(
        store =>
          names.has(formatReference({ store, repository, tag })) ||
          choices.some(choice => couldAsk(choice, { store, repository, tag })),
      ),
    digests: new Set([
      ...digestsIn(file.lock, manifest),
      ...bases.flatMap(({ digest }) => digest ?? []),
    ]),
  }
}

async function manifestOf(
  request: Parameters<typeof loadManifest>[0],
  call: Call,
): Promise<Manifest> {
  try {
    return await loadManifest(request, call)
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== 'MANIFEST_MISSING') throw error
    throw new InputError('MANIFEST_MISSING', 'nothing says what of a layout is still needed', {
      cause: error,
      hint: 'name the manifest with --file',
    })
  }
}

/** Every name that the manifest has for the folder of the store. */
async function namesOf(home: string, { stores }: Manifest): Promise<readonly string[]> {
  const path = pathOf(stores.get(home)) ?? home.replace(/^layout:/, '')
  const real = await realOf(path)
  const names: string[] = []
  for (const [name, settings] of stores) {
    const other = pathOf(settings)
    if (other !== undefined && (await realOf(other)) === real) names.push(name)
  }
  if (names.length > 0) return names
  throw new InputError(
    'BAD_ARGUMENT',
    `${home} is no store of the manifest, so it asks for nothing there`,
    {
      hint: 'declare it under "stores", or name the manifest that does with --file',
    },
  )
}

function pathOf(settings: StoreSettings | undefined): string | undefined {
  return settings?.kind === 'layout' ? settings.path : undefined
}

async function realOf(path: string): Promise<string> {
  return (await unless('ENOENT', realpath(path))) ?? path
}

function namesInManifest({ wishes, builds }: Manifest): readonly string[] {
  const wished = wishes.flatMap(({ from: { digest: _, ...from }, to }) => [
    formatReference(to),
    formatReference(from),
  ])
  return [...wished, ...builds.flatMap(({ to }) => to.map(formatReference))]
}

/** What only a Dockerfile names, or an image that one names, is needed by the next build. */
async function basesIn(
  { builds }: Manifest,
  basesOf: Workbench['basesOf'],
  call: Call,
): Promise<readonly Reference[]> {
  const found: Reference[] = []
  for (const build of builds) {
    try {
      found.push(...(await basesOf(build, call)))
    } catch (cause) {
      if (!(cause instanceof WaybillError)) throw cause
      const message = `what the build ${build.name} needs cannot be told, so nothing is pruned`
      throw new StoreError(cause.code, message, { cause })
    }
  }
  return found
}

/** What is held, gone or unknown is in the lock like everything else. */
function namesIn({ images, retired }: Lock): readonly string[] {
  const references = [...images.values()].flatMap(image => [...image.references])
  return [
    ...references.flatMap(([from, { places }]) => [from, ...places.keys()]),
    ...[...retired].flatMap(([at, { from }]) => [at, ...(from === undefined ? [] : [from])]),
  ]
}

function digestsIn({ images, retired, seen }: Lock, { wishes }: Manifest): ReadonlySet<Digest> {
  const references = [...images.values()].flatMap(image => [...image.references.values()])
  const places = [...references.flatMap(one => [...one.places.values()]), ...retired.values()]
  const known = [
    ...references.flatMap(({ digest, cuts }) => [digest, ...cuts.values()]),
    ...places.flatMap(({ put, intent }) => [put, intent]),
    ...references.flatMap(one => [...one.places.values()].map(({ found }) => found)),
    ...[...seen.values()].map(({ digest }) => digest),
    ...wishes.map(({ from }) => from.digest),
  ]
  return new Set(known.filter(digest => digest !== undefined))
}

/** What a choice comes to is not known without a look at its source, so whatever it could be counts. */
function couldAsk(
  { choice, policy }: OpenChoice,
  {
    store,
    repository,
    tag,
  }: { readonly store: string; readonly repository: string; readonly tag: string },
): boolean {
  const { from, destinations } = choice
  if (from.store === store && from.repository === repository) return true
  const own = destinations.filter(to => to.store === store && to.repository === repository)
  if (own.some(to => to.tag === tag)) return true
  if (own.every(to => to.tag !== undefined)) return false
  if (couldChoose(policy, { tag, digest: undefined, name: tag })) return true
  // a name that is made of another tag can be any
  return policy.entries.some(entry => entry.templates.some(({ text }) => text !== '{tag}'))
}
