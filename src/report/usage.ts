/** What takes up a store, for people and for programs. */
import { shortDigest } from '../oci/digest.ts'
import { callOf } from '../images/list.ts'
import type { HeldBlob, Usage } from '../images/usage.ts'
import { sizeOf } from '../stores/sweepable.ts'
import { idOf } from './images.ts'
import { createPaint } from './paint.ts'
import { layoutTable } from './table.ts'
import { count, formatBytes } from './units.ts'

export interface UsageLook {
  /** Of the terminal; absent in a pipe, where nothing is shortened. */
  readonly columns?: number | undefined
  readonly color: boolean
  /** One line for each blob instead of each image. */
  readonly blobs: boolean
}

export function describeUsage(usage: Usage, { columns, color, blobs }: UsageLook): string {
  const paint = createPaint(color)
  const look = { columns, paint }
  const table = blobs
    ? layoutTable(
        [
          { title: 'BLOB', least: 15 },
          { title: 'SIZE', align: 'right' },
          { title: 'HELD BY', least: 20 },
        ],
        (usage.blobs ?? []).map(blob => [
          columns === undefined ? blob.digest : shortDigest(blob.digest),
          formatBytes(blob.size),
          holdersOf(blob),
        ]),
        look,
      )
    : layoutTable(
        [
          { title: 'IMAGE', least: 20 },
          { title: 'IMAGE ID' },
          { title: 'SIZE', align: 'right' },
          { title: 'SHARED', align: 'right' },
          { title: 'ITS OWN', align: 'right' },
        ],
        usage.images.map(({ image, size, shared }) => [
          callOf(image),
          idOf(image.content, false),
          formatBytes(size),
          formatBytes(shared),
          formatBytes(size - shared),
        ]),
        look,
      )
  return [...table, '', ...summary(usage).map(paint.bold), ''].join('\n')
}

function holdersOf({ by }: HeldBlob): string {
  return by.length === 0 ? 'nothing' : by.map(callOf).join(', ')
}

function summary({ store, images, blobs, together }: Usage): readonly string[] {
  if (blobs === undefined) {
    const apart = images.reduce((sum, { size }) => sum + size, 0)
    const saved = together === undefined ? 0 : apart - together
    return [
      `${count(images.length, 'image')}, ${formatBytes(together ?? apart)} in ${store}`,
      ...(saved > 0 ? [`Sharing saves ${formatBytes(saved)}`] : []),
    ]
  }
  const said = (list: readonly HeldBlob[]) =>
    `${count(list.length, 'blob')}, ${formatBytes(sizeOf(list))}`
  const [none, several] = [
    blobs.filter(({ by }) => by.length === 0),
    blobs.filter(({ by }) => by.length > 1),
  ]
  return [
    `${said(blobs)} in ${store}`,
    ...(several.length > 0 ? [`Of several images: ${said(several)}`] : []),
    ...(none.length > 0 ? [`Of none: ${said(none)}; "waybill sweep" frees them`] : []),
  ]
}

/** The document of `--output json`. */
export function encodeUsage({ store, images, blobs, together }: Usage): string {
  const document = {
    formatVersion: '1.0',
    store,
    images: images.map(({ image: { content, names }, size, shared }) => ({
      id: content.digest,
      names,
      size,
      shared,
    })),
    ...(together !== undefined && { together }),
    ...(blobs && {
      blobs: blobs.map(({ digest, size, by }) => ({
        digest,
        size,
        by: by.map(({ content }) => content.digest),
      })),
    }),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
