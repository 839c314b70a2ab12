import { StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { blobs, children, parseManifest, type ImageManifest, type Index } from '../oci/manifest.ts'
import { isForeignLayer, isManifestType } from '../oci/media-types.ts'
import { mapLimit } from '../util/concurrency.ts'
import type { Manifested } from '../stores/store.ts'

/** A manifest, what it means, and the manifests it names. */
export interface Node extends Manifested {
  readonly document: ImageManifest | Index
  readonly children: readonly Node[]
}

const MOST_DEEP = 8
const MOST_NODES = 5_000

/**
 * Everything under `root`. `read` finds a manifest by digest; what it does not find is an error,
 * because half an image is not an image.
 */
export async function loadGraph(
  root: Manifested,
  read: (content: Descriptor) => Promise<Manifested | undefined>,
): Promise<Node> {
  const known = new Map<string, Promise<Node>>()

  async function load(manifest: Manifested, depth: number): Promise<Node> {
    const document = parseManifest(manifest.bytes, manifest.content.mediaType)
    const named = children(document).filter(({ mediaType }) => isManifestType(mediaType))
    if (depth > MOST_DEEP || known.size + named.length > MOST_NODES) {
      throw new StoreError(
        'CONTENT_UNSUPPORTED',
        `${root.content.digest} nests more than ${MOST_DEEP} deep or has more than ${MOST_NODES} manifests`,
      )
    }
    return {
      ...manifest,
      document,
      children: await mapLimit(named, 16, child => node(child, depth + 1)),
    }
  }

  function node(content: Descriptor, depth: number): Promise<Node> {
    const loading = known.get(content.digest) ?? find(content).then(found => load(found, depth))
    known.set(content.digest, loading)
    return loading
  }

  async function find(content: Descriptor): Promise<Manifested> {
    const found = await read(content)
    if (found) return found
    throw new StoreError(
      'CONTENT_MISSING',
      `${root.content.digest} names ${content.digest}, which its repository does not have`,
    )
  }

  return load(root, 1)
}

/** Every node once, children before parents. */
export function childrenFirst(root: Node): readonly Node[] {
  const order = new Map<string, Node>()
  const visit = (node: Node) => {
    if (order.has(node.content.digest)) return
    node.children.forEach(visit)
    order.set(node.content.digest, node)
  }
  visit(root)
  return [...order.values()]
}

/** What a node names that has to be moved: not manifests, nor layers that may only be linked to. */
export function blobsOf({ document }: Node): readonly Descriptor[] {
  const linked = ({ mediaType, urls }: Descriptor) =>
    isForeignLayer(mediaType) && urls !== undefined && urls.length > 0
  const strangers = children(document).filter(({ mediaType }) => !isManifestType(mediaType))
  return [...blobs(document), ...strangers].filter(content => !linked(content))
}
