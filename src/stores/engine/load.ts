/** One load: a tar that is packed as the engine takes it. */
import type { Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import { algorithmOf, hexOf, type Digest } from '../../oci/digest.ts'
import { OCI_INDEX } from '../../oci/media-types.ts'
import { packMembers, type LoadMember } from '../../tar/docker-load.ts'
import type { Call } from '../../util/call.ts'
import { notLoaded } from './failure.ts'
import { errorIn } from './message.ts'
import type { Spool } from './spool.ts'
import type { Wish } from './wishes.ts'
import type { Desk } from './write.ts'

export interface ClassicImage {
  readonly config: Digest
  /** Those that are there are named, and not sent. */
  readonly layers: readonly { readonly digest: Digest; readonly isThere: boolean }[]
  /** Full names with tags. */
  readonly names: readonly string[]
}

/** What docker's own store, and Podman, load: `manifest.json` and what it names. */
export async function loadClassic(
  desk: Desk,
  images: readonly ClassicImage[],
  call: Call,
): Promise<void> {
  const sent = images.flatMap(({ config, layers }) => [
    config,
    ...layers.flatMap(({ digest, isThere }) => (isThere ? [] : [digest])),
  ])
  const manifest = images.map(({ config, layers, names }) => ({
    Config: pathOf(config),
    RepoTags: names.length > 0 ? names : null,
    Layers: layers.map(({ digest }) => pathOf(digest)),
  }))
  await load(
    desk,
    [...blobMembers(desk.spool, sent, call), jsonMember('manifest.json', manifest)],
    call,
  )
}

export interface LayoutImage {
  readonly root: Wish
  readonly manifests: readonly Wish[]
  readonly blobs: readonly Digest[]
}

/** What containerd's store loads: an OCI layout, so that every digest stays what it is. */
export async function loadLayout(
  desk: Desk,
  images: readonly LayoutImage[],
  { name, call }: { readonly name: string; readonly call: Call },
): Promise<void> {
  const manifests = new Map(
    images.flatMap(image => image.manifests).map(one => [one.content.digest, one]),
  )
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: images.flatMap(({ root }) => entriesOf(root, name)),
  }
  await load(
    desk,
    [
      jsonMember('oci-layout', { imageLayoutVersion: '1.0.0' }),
      ...blobMembers(
        desk.spool,
        images.flatMap(({ blobs }) => blobs),
        call,
      ),
      ...[...manifests.values()].map(({ content, bytes }) => ({
        name: pathOf(content.digest),
        size: bytes.length,
        open: () => bytes,
      })),
      jsonMember('index.json', index),
    ],
    call,
  )
}

function entriesOf({ content, tags }: Wish, name: string): readonly object[] {
  const { mediaType, digest, size } = content
  if (tags.length === 0) return [{ mediaType, digest, size }]
  return tags.map(tag => ({
    mediaType,
    digest,
    size,
    annotations: {
      'io.containerd.image.name': `${name}:${tag}`,
      'org.opencontainers.image.ref.name': tag,
    },
  }))
}

function pathOf(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`
}

function blobMembers(spool: Spool, digests: readonly Digest[], call: Call): readonly LoadMember[] {
  return [...new Set(digests)].map(digest => ({
    name: pathOf(digest),
    size: spool.sizeOf(digest) ?? 0,
    open: () => spool.open(digest, call),
  }))
}

function jsonMember(name: string, value: unknown): LoadMember {
  const bytes = Buffer.from(JSON.stringify(value))
  return { name, size: bytes.length, open: () => bytes }
}

async function load({ engine }: Desk, members: readonly LoadMember[], call: Call): Promise<void> {
  call.signal?.throwIfAborted()
  const stream = packMembers(members)
  try {
    const answer = await engine.open(
      {
        method: 'POST',
        // progress is what tells a slow engine from a dead one
        path: '/images/load?quiet=0',
        what: 'loading an image',
        headers: { 'content-type': 'application/x-tar' },
        body: { stream },
      },
      call,
    )
    if (!answer) throw new StoreError('STORE_PROTOCOL', `${engine.name} cannot load images`)
    await listen(engine.name, answer)
  } finally {
    stream.destroy()
  }
}

/** The engine answers 200 before it begins, so a line of its answer is what tells of failure. */
async function listen(name: string, answer: Readable): Promise<void> {
  for await (const line of linesOf(answer, name)) {
    const said = errorIn(line)
    if (said !== undefined) throw notLoaded(name, said)
  }
}

const MOST_LINE = 64 * 1024

async function* linesOf(answer: AsyncIterable<Buffer>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of answer) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
    if (rest.length > MOST_LINE) {
      throw new StoreError('STORE_PROTOCOL', `${name} answers a load with a line that does not end`)
    }
  }
  yield rest
}
