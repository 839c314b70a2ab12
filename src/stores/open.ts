import type { Host } from '../http/host.ts'
import type { ArchiveInit, ArchiveStreamInit } from './archive/store.ts'
import type { DockerInit } from './engine/store.ts'
import type { LayoutInit } from './layout/store.ts'
import type { MirroredInit } from './registry/mirrored.ts'
import type { RootfsFileInit } from './rootfs/file.ts'
import type { Registry } from './registry/wire.ts'
import type { Searching } from './searching.ts'
import type { Store } from './store.ts'

export type StoreConfig =
  | {
      readonly kind: 'registry'
      readonly name: string
      readonly host: Host
      readonly now: () => number
    }
  | ({ readonly kind: 'mirrored' } & MirroredInit)
  | ({ readonly kind: 'layout' } & LayoutInit)
  | ({ readonly kind: 'archive' } & ArchiveInit)
  | ({ readonly kind: 'archive-stream' } & ArchiveStreamInit)
  | ({ readonly kind: 'rootfs' } & RootfsFileInit)
  | ({ readonly kind: 'docker' } & DockerInit)

type Opener<C extends StoreConfig> = (config: C) => Promise<Store>

/** One line per kind of store. Adding a kind is a folder and a line here. */
const openers: { readonly [K in StoreConfig['kind']]: Opener<Extract<StoreConfig, { kind: K }>> } =
  {
    registry: async config => (await import('./registry/store.ts')).openRegistry(config),
    mirrored: async config => (await import('./registry/mirrored.ts')).openMirrored(config),
    layout: async config => (await import('./layout/store.ts')).openLayout(config),
    archive: async config => (await import('./archive/store.ts')).openArchive(config),
    'archive-stream': async config =>
      (await import('./archive/store.ts')).openArchiveStream(config),
    rootfs: async config => (await import('./rootfs/file.ts')).openRootfsFile(config),
    docker: async config => (await import('./engine/store.ts')).openEngine(config),
  }

export function openStore(config: StoreConfig): Promise<Store> {
  switch (config.kind) {
    case 'registry':
      return openers.registry(config)
    case 'mirrored':
      return openers.mirrored(config)
    case 'layout':
      return openers.layout(config)
    case 'archive':
      return openers.archive(config)
    case 'archive-stream':
      return openers['archive-stream'](config)
    case 'rootfs':
      return openers.rootfs(config)
    case 'docker':
      return openers.docker(config)
  }
}

/** Docker Hub's search; `hub.host` is where that is. */
export async function openHub(hub: Registry): Promise<Searching> {
  return (await import('./registry/hub.ts')).openHub(hub)
}
