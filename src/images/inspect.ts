/** What is known of an image, by docker's names for it where docker has one. */
import { isRecord } from '../oci/descriptor.ts'
import type { Platform } from '../oci/platform.ts'
import { isDescribing } from '../stores/describing.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { toldOf } from './described.ts'
import { readFacts, type ImageFacts, type Variant } from './facts.ts'
import { findImage, namesOf } from './find.ts'
import { formatName, shownRepository, type ImageName } from './names.ts'
import { isOneHost } from './survey.ts'

export type Inspected = Readonly<Record<string, unknown>>

export async function inspectImage(
  text: string,
  platform: Platform | undefined,
  bench: Bench,
  call: Call = {},
): Promise<Inspected> {
  const found = await findImage(text, bench, call)
  if (isDescribing(found.store)) {
    const told = await toldOf(found, found.store, platform, call)
    return { ...told, Store: found.store.name }
  }
  const facts = await readFacts(found, { platform, manifests: bench.manifests }, call)
  const names = await namesOf(found, isOneHost(found.store, bench), call)
  return describe(facts, names, found.store.name)
}

/** What docker has a place for in a configuration, whether or not an image says it. */
const EMPTY_CONFIG: Inspected = {
  User: '',
  ExposedPorts: {},
  Env: [],
  Cmd: [],
  Entrypoint: [],
  Volumes: {},
  WorkingDir: '',
  Labels: {},
  OnBuild: [],
  StopSignal: '',
}
const MAPS = new Set(['ExposedPorts', 'Volumes', 'Labels'])

/** For templates: what is always there, though it may be empty, and labels as a map that may lack one. */
export function forTemplates(image: Inspected): Inspected {
  const config = image['Config']
  if (!isRecord(config)) return image
  const known = Object.entries({ ...EMPTY_CONFIG, ...config }).map(([key, value]) => {
    const filled = value ?? EMPTY_CONFIG[key] ?? null
    const isMap = MAPS.has(key) && isRecord(filled)
    return [key, isMap ? new Map(Object.entries(filled)) : filled] as const
  })
  return { ...image, Config: Object.fromEntries(known) }
}

function describe(facts: ImageFacts, names: readonly ImageName[], store: string): Inspected {
  const { root, size, platforms, variant } = facts
  const { mediaType, digest } = root.content
  const { annotations, subject } = root.document
  return {
    Id: digest,
    ...namesFor(names, digest),
    Store: store,
    ...aboutVariant(variant),
    Size: size,
    Descriptor: { mediaType, digest, size: root.content.size },
    Platforms: platforms,
    ...(root.document.kind === 'index' && { Manifests: root.document.manifests }),
    ...(annotations && { Annotations: annotations }),
    ...(subject && { Subject: subject }),
  }
}

function namesFor(names: readonly ImageName[], digest: string): Inspected {
  const repositories = [...new Set(names.map(({ repository }) => repository))]
  const all = new Set(repositories)
  const shown = (repository: string) => shownRepository(repository, all)
  return {
    RepoTags: names.map(({ repository, tag }) =>
      formatName({ repository: shown(repository), tag }),
    ),
    RepoDigests: repositories.map(repository => `${shown(repository)}@${digest}`),
  }
}

/** Of the one platform that is shown; layers as they are stored, and what they unpack to. */
function aboutVariant(variant: Variant | undefined): Inspected {
  if (variant === undefined) return {}
  const { content, manifest, config } = variant
  const layers = manifest.layers.map(({ mediaType, digest, size }, at) => {
    const diffId = config?.diffIds[at]
    return { mediaType, digest, size, ...(diffId !== undefined && { diffId }) }
  })
  return {
    ...(config && {
      Created: config.created ?? '',
      Author: config.author ?? '',
      Architecture: config.architecture ?? '',
      Variant: config.variant ?? '',
      Os: config.os ?? '',
      OsVersion: config.osVersion ?? '',
      Config: config.config,
      RootFS: { Type: 'layers', Layers: config.diffIds },
    }),
    Manifest: content.digest,
    ConfigDigest: manifest.config.digest,
    Layers: layers,
  }
}
