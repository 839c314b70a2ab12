import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../../src/oci/digest.ts'
import { parseManifest } from '../../../src/oci/manifest.ts'
import type { RawMember } from '../../tar/making.ts'
import { IMAGE, legacyForm, partsOf } from './forms.ts'
import { namesIn, openTar } from './opening.ts'

describe('docker’s first form', () => {
  const [low, top] = ['a'.repeat(64), 'b'.repeat(64)]
  const { layers } = partsOf(IMAGE)
  const members = legacyForm(
    [
      { id: low, bytes: layers[0]!, json: { created: '2014-01-01T00:00:00Z', Size: 5 } },
      {
        id: top,
        bytes: layers[1]!,
        json: {
          created: '2014-01-02T00:00:00Z',
          author: 'someone',
          comment: 'on top',
          os: 'linux',
          architecture: 'amd64',
          config: { Cmd: ['sh'] },
          container_config: { Cmd: ['/bin/sh', '-c', '#(nop) CMD'] },
        },
      },
    ],
    { app: { 1: top, base: low }, 'ghcr.io/acme/app': { 1: top } },
  )

  it('is an image of the layers from the lowest on', async () => {
    const store = await openTar(...members)
    expect(await namesIn(store)).toEqual([
      'ghcr.io/acme/app:1',
      'library/app:1',
      'library/app:base',
    ])
    const found = await store.manifest('library/app', '1')
    const manifest = parseManifest(found!.bytes, found!.content.mediaType)
    if (manifest.kind === 'index') throw new Error('an index')
    expect(manifest.layers.map(({ digest }) => digest)).toEqual(layers.map(b => digestOf(b)))
    const config = await buffer(await store.fetch('library/app', manifest.config))
    const document: object = JSON.parse(config.toString())
    expect(document).toEqual({
      created: '2014-01-02T00:00:00Z',
      author: 'someone',
      comment: 'on top',
      os: 'linux',
      architecture: 'amd64',
      config: { Cmd: ['sh'] },
      container_config: { Cmd: ['/bin/sh', '-c', '#(nop) CMD'] },
      rootfs: { type: 'layers', diff_ids: layers.map(b => digestOf(b)) },
      history: [
        { created: '2014-01-01T00:00:00Z' },
        {
          created: '2014-01-02T00:00:00Z',
          author: 'someone',
          comment: 'on top',
          created_by: '/bin/sh -c #(nop) CMD',
        },
      ],
    })
    expect(Object.keys(document)).toEqual(Object.keys(document).toSorted())
  })

  it.each<[string, RawMember[], RegExp]>([
    [
      'a circle of parents',
      legacyForm([{ id: top, bytes: layers[0]!, json: { parent: top } }], { app: { 1: top } }),
      /b has more than 1000 layers below it/,
    ],
    [
      'a parent that is no layer',
      legacyForm([{ id: top, bytes: layers[0]!, json: { parent: '../x' } }], { app: { 1: top } }),
      /json has a parent that is no layer/,
    ],
    ['a tag of no layer', legacyForm([], { app: { 1: '../x' } }), /"1" names no layer/],
    ['no tags', legacyForm([], { app: 'x' }), /"app" has no tags/],
    ['a bad name', legacyForm([], { App: { 1: top } }), /names an image "App:1"/],
  ])('is refused with %s', async (_, bad, message) => {
    await expect((await openTar(...bad)).images()).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.stringMatching(message),
    })
  })

  it('is refused without a layer that another one is on', async () => {
    const without = members.filter(({ name }) => name !== `${low}/json`)
    await expect((await openTar(...without)).images()).rejects.toMatchObject({
      code: 'CONTENT_MISSING',
    })
  })
})
