/** Images between stores: pulls, pushes and copies, by how names say where things are. */
import { InputError, StoreError } from '../errors.ts'
import { nameInStore, parseTarget, repositoryAt, type Target } from '../manifest/places.ts'
import type { Platform } from '../oci/platform.ts'
import { formatReference, isHost, isRepository, type Reference } from '../oci/reference.ts'
import { hasHearsay, type Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { copyTo, type Copied } from './copy.ts'
import { findImage, hintFor } from './find.ts'
import { isRegistry, originOf, parseName, readName } from './names.ts'

/** What became of one name. */
export interface Moved extends Copied {
  readonly from: Reference
  readonly to: Required<Pick<Reference, 'store' | 'repository' | 'tag'>>
}

export interface Wish {
  /** Every tag of the repository that is named. */
  readonly allTags: boolean
  readonly platforms: readonly Platform[]
  /** Told of each as it begins. */
  readonly onStart: (from: Reference, to: Moved['to']) => void
  /** Told of each when it is there: a later one may fail. */
  readonly onDone: (moved: Moved) => void
}

/** From where the name says, as docker reads it, into the bench's store, under the same name. */
export async function pullImage(
  text: string,
  wish: Wish,
  bench: Bench,
  call: Call = {},
): Promise<void> {
  const from = parseName(text, bench.declared)
  const target: Target = isRegistry(bench.home, bench.declared)
    ? { kind: 'prefix', store: bench.home, path: '' }
    : { kind: 'store', store: bench.home }
  return move(from, text, { target, wish, bench, call })
}

/** From one place to another; `to` is read as a manifest's `to`, and never Docker Hub by omission. */
export async function copyBetween(
  from: string,
  to: string,
  wish: Wish,
  bench: Bench,
  call: Call = {},
): Promise<void> {
  const target = targetOf(to, bench)
  return move(parseName(from, bench.declared), from, { target, wish, bench, call })
}

/** An image of the bench's store to `to`, or without one to the host in its name, as docker does. */
export async function pushImage(
  text: string,
  to: string | undefined,
  wish: Wish,
  bench: Bench,
  call: Call = {},
): Promise<void> {
  const source = await sourceOf(text, wish, bench, call)
  const { store, repository, tag, digest } = source
  const target = to === undefined ? destinationOf(text, source, bench) : targetOf(to, bench)
  const from = {
    store: store.name,
    repository,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  }
  return move(from, text, { target, wish, bench, call })
}

type Source = Omit<Reference, 'store'> & { readonly store: Store }

/** With all tags it is a repository that is meant, else one image. */
async function sourceOf(
  text: string,
  { allTags }: Wish,
  bench: Bench,
  call: Call,
): Promise<Source> {
  if (!allTags) {
    const { store, repository, name, content } = await findImage(text, bench, call)
    return { store, repository, ...(name ? { tag: name.tag } : { digest: content.digest }) }
  }
  const { repositories, store: name, tag, digest } = readName(text, bench)
  if (tag !== undefined || digest !== undefined) throw notAll(text)
  const store = await bench.open(name)
  for (const repository of repositories) {
    if ((await store.tags(repository, call)) !== undefined) return { store, repository }
  }
  throw new StoreError('CONTENT_MISSING', `${store.name} has no repository ${text}`)
}

function destinationOf(
  text: string,
  { store, repository, digest }: Source,
  { declared }: Bench,
): Target {
  const origin = originOf(repository)
  const isOneHost = isRegistry(store.name, declared)
  if (digest === undefined && !isOneHost) return { kind: 'exact', ...origin }
  const why = isOneHost ? `${text} is in ${store.name} already` : `"${text}" is an id, not a name`
  throw new InputError('BAD_ARGUMENT', `${why}, so nothing says where it is to go`, {
    hint: `name the place: waybill push ${text} registry.internal/NAME:TAG`,
  })
}

/** `app:2` alone may be a registry with a port as well as an image with a tag. */
function targetOf(text: string, { declared }: Bench): Target {
  const [name = '', tag] = text.split(':')
  if (tag !== undefined && !text.includes('/') && !isHost(name) && name !== '') {
    throw new InputError('BAD_REFERENCE', `"${text}" does not say where: it has no host`, {
      hint: `Docker Hub is docker.io/${text}, and a registry of that name is ${text}/`,
    })
  }
  return parseTarget(text, { stores: declared, hosts: new Set() })
}

interface Move {
  readonly target: Target
  readonly wish: Wish
  readonly bench: Bench
  readonly call: Call
}

async function move(from: Reference, text: string, job: Move): Promise<void> {
  const { target, wish, bench, call } = job
  const source = await bench.openSource(from.store)
  const names = wish.allTags ? await allTags(source, from, text, target, call) : [from]
  const repository = repositoryFor(target, from, bench)
  for (const name of names) {
    const to = { store: target.store, repository, tag: tagAt(target, name, text) }
    wish.onDone(await moveOne(name, to, source, job))
  }
}

/** A store that a flag names is none that a name could begin with. */
function repositoryFor(target: Target, from: Reference, { declared }: Bench): string {
  if (target.kind !== 'store') return repositoryAt(target, from, declared)
  const repository = nameInStore(from, declared)
  if (isRepository(repository)) return repository
  throw new InputError('BAD_REFERENCE', `"${repository}" is no repository that a store can have`, {
    hint: `copy it to one: waybill copy ${formatReference(from)} ${target.store}/NAME:TAG`,
  })
}

async function allTags(
  source: Store,
  from: Reference,
  text: string,
  target: Target,
  call: Call,
): Promise<readonly Reference[]> {
  if (from.tag !== undefined || from.digest !== undefined) throw notAll(text)
  if (target.kind === 'exact' && target.tag !== undefined) {
    throw new InputError('BAD_ARGUMENT', `all tags of ${text} cannot be called "${target.tag}"`, {
      hint: 'leave the tag out: each keeps its own',
    })
  }
  const tags = await source.tags(from.repository, call)
  if (tags !== undefined && tags.length > 0) return tags.toSorted().map(tag => ({ ...from, tag }))
  throw new StoreError('CONTENT_MISSING', `${from.store}/${from.repository} has no tags`, {
    ...(tags === undefined && { hint: `${from.store} has no such repository` }),
  })
}

function notAll(text: string): InputError {
  return new InputError(
    'BAD_ARGUMENT',
    `--all-tags is about a repository, and "${text}" names one image`,
    {
      hint: `leave one out: ${text.replace(/@.*$/s, '').replace(/:[^/:]*$/, '')} --all-tags`,
    },
  )
}

/** Without a digest `latest` is meant; what is named by a digest alone has to be called something. */
function tagAt(target: Target, { tag, digest }: Reference, text: string): string {
  const own = target.kind === 'exact' ? target.tag : undefined
  const name = own ?? tag ?? (digest === undefined ? 'latest' : undefined)
  if (name !== undefined) return name
  throw new InputError('BAD_REFERENCE', `"${text}" has no tag, so the image would have no name`, {
    hint:
      target.kind === 'exact'
        ? `give the place a tag: ${target.store}/${target.repository}:TAG`
        : `write it with the tag that it is to have: ${text.replace('@', ':TAG@')}`,
  })
}

async function moveOne(
  name: Reference,
  to: Moved['to'],
  source: Store,
  { wish, bench, call }: Move,
): Promise<Moved> {
  const { repository, tag = 'latest', digest } = name
  const from = digest === undefined ? { ...name, tag } : name
  wish.onStart(from, to)
  const content = digest ? { digest } : await source.resolve(repository, tag, call)
  if (content === undefined) {
    throw new StoreError('CONTENT_MISSING', `there is no ${formatReference(from)}`, {
      hint: await hintFor(source, [repository], call),
    })
  }
  const hearsay = digest === undefined && hasHearsay(source) && source.hearsay(repository, tag)
  const store = await bench.open(to.store)
  const copied = await copyTo(
    {
      from: { store: source, repository, digest: content.digest, hearsay },
      to: { store, repository: to.repository, tag: to.tag },
      platforms: wish.platforms,
    },
    bench,
    call,
  )
  return { ...copied, from, to }
}
