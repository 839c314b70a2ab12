import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import type { ImageManifest, Index } from '../../oci/manifest.ts'
import type { Region } from '../../tar/members.ts'
import type { LayoutIndex, Names } from '../index-document.ts'
import type { Source } from './source.ts'

/** Bytes that are in the file, or that follow from what is in it. */
export type Content = Region | { readonly size: number; readonly bytes: Buffer }

export type Contents = ReadonlyMap<Digest, Content>

export interface Node {
  readonly content: Descriptor
  readonly document: ImageManifest | Index
}

/** The manifests that are reached from the index, by digest. Those that are not there are not in it. */
export type Nodes = ReadonlyMap<Digest, Node>

/** What an archive says at one moment, checked as far as it can be without reading every blob. */
export interface Archive {
  /** `undefined`: there is no file yet. */
  readonly source: Source | undefined
  readonly index: LayoutIndex
  readonly names: Names
  readonly contents: Contents
  readonly nodes: Nodes
}
