/** Images that are made of root file systems: what they ask for, and what is refused of them. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DocumentError } from '../../src/yaml/errors.ts'
import { brief, issuesOf, parse, placesOf } from './manifests.ts'

const images = (...entries: readonly string[]) =>
  `version: 1\nimages:\n${entries.map(entry => `  - ${entry}\n`).join('')}`
const said = async (text: string, untrusted = false) =>
  (await issuesOf(text, { env: { HOME: '/home/me' }, untrusted })).map(brief)

describe('a root file system', () => {
  it('is a store by its path, whose one image is wished for', () => {
    const manifest = parse(
      images(
        `{ rootfs: vendor/min.tar.gz, changes: ['ENV A=b', 'CMD ["$A"]'], to: [local/min:1, host.x/min:2] }`,
        '{ rootfs: ./arm.tar, name: arm, platforms: [linux/arm64], overwrite: never, prune: owned, to: local/arm:1 }',
      ),
    )
    expect(placesOf(manifest)).toEqual(['host.x/min:2', 'local/arm:1', 'local/min:1'])
    expect(manifest.wishes.map(({ image, from }) => [image, from])).toEqual([
      ['vendor/min.tar.gz', { store: './vendor/min.tar.gz', repository: '' }],
      ['arm', { store: './arm.tar', repository: '' }],
      ['vendor/min.tar.gz', { store: './vendor/min.tar.gz', repository: '' }],
    ])
    expect(manifest.wishes[1]).toMatchObject({
      platforms: [],
      referrers: false,
      overwrite: 'never',
      prune: 'owned',
      location: { line: 4, column: 15 },
    })
    expect(manifest.stores.get('./vendor/min.tar.gz')).toEqual({
      kind: 'rootfs',
      path: '/project/vendor/min.tar.gz',
      platform: { os: 'linux', architecture: 'amd64' },
      changes: ['ENV A=b', 'CMD ["$A"]'],
    })
    expect(manifest.stores.get('./arm.tar')).toMatchObject({
      platform: { os: 'linux', architecture: 'arm64' },
      changes: [],
    })
    expect(manifest.images).toBe(2)
  })

  it('takes from the defaults what is about places, and no platforms', () => {
    const manifest = parse(
      `version: 1\ndefaults: { overwrite: owned, prune: owned, minAge: 3d, platforms: [linux/arm64, linux/386] }\nimages:\n  - { rootfs: a.tar, to: local/a:1 }\n`,
    )
    expect(manifest.wishes).toMatchObject([{ overwrite: 'owned', prune: 'owned', platforms: [] }])
    expect(manifest.choices).toEqual([])
    expect(manifest.stores.get('./a.tar')).toMatchObject({ platform: { architecture: 'amd64' } })
  })

  it.each<[string, readonly string[]]>([
    [
      '{ rootfs: a.tar }',
      ['3:5+17 "to" is missing | say where it goes: "to: local/acme/worker:1"'],
    ],
    [
      '{ rootfs: a.tar, from: b, to: local/a:1 }',
      ['3:22+4 "from" does not go with "rootfs" | an image has one source'],
    ],
    [
      "{ rootfs: a.tar, tags: ['1'], to: local/a:1 }",
      [
        '3:22+4 "tags" does not go with "rootfs" | a root file system has no tags, and nothing refers to it: leave it out',
      ],
    ],
    [
      '{ rootfs: a.tar, minAge: 3d, to: local/a:1 }',
      [
        '3:22+6 "minAge" does not go with "rootfs" | a root file system has no tags, and nothing refers to it: leave it out',
      ],
    ],
    [
      '{ from: b, changes: [CMD x] }',
      [
        '3:16+7 "changes" goes with "rootfs" | an image that is there has its own; a build can be based on it',
      ],
    ],
    [
      '{ to: local/a:1 }',
      ['3:5+17 "from" is missing | say where the image comes from: "from: alpine:3.20"'],
    ],
    [
      '{ rootfs: a.tar, to: local }',
      [
        '3:26+5 "local" does not say what the image is called there | a root file system has no name: end "to" with NAME:TAG',
      ],
    ],
    [
      '{ rootfs: a.tar, to: [local/a:1, local/b] }',
      ['3:38+7 "local/b" does not say what the image is called there | give it a tag: local/b:1'],
    ],
    [
      '{ rootfs: a.tar, to: { kind: archive, path: b.tar } }',
      [
        '3:49+5 "b.tar" does not say what the image is called there | a root file system has no name: end "to" with NAME:TAG',
      ],
    ],
    [
      '{ rootfs: ./root/, to: local/a:1 }',
      [
        '3:15+7 "./root/" is a folder, and this takes a tar | pack it: tar -C FOLDER -czf rootfs.tar.gz .',
      ],
    ],
    [
      '{ rootfs: a.tar, platforms: [linux/arm64, linux/386], to: local/a:1 }',
      [
        '3:47+9 a root file system is for one platform | make an image of each, with a tag of its own',
      ],
    ],
    [
      '{ rootfs: a.tar, changes: [CMD x, \'RUN y\', "COP\\x59 a b", ENV A], to: local/a:1 }',
      [
        '3:40+3 RUN cannot change a finished image | what may is CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR',
        '3:48+13 COPY cannot change a finished image | what may is CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR',
        '3:67+1 ENV "A" has no value | write ENV name=value, and the value in quotes if it has spaces',
      ],
    ],
  ])('%s is refused', async (entry, issues) => {
    const found = await said(images(entry))
    expect(found).toEqual(issues)
  })

  it('and other uses of its file are conflicts', async () => {
    const entries = [
      '{ rootfs: a.tar, to: local/a:1 }',
      "{ rootfs: ./a.tar, changes: ['CMD x'], to: local/a:2 }",
      '{ from: ./a.tar, to: local/a:3 }',
      '{ from: b:1, to: { kind: archive, path: a.tar } }',
      '{ rootfs: ./a.tar, to: local/a:1 }',
    ]
    expect(await said(images(...entries))).toEqual([
      '4:15+7 "./a.tar" is to be another image here than at images.yaml:3:15 | one root file system makes one image: have one "changes" and "platforms"',
      '5:13+7 "./a.tar" is an archive of images here, and a root file system at images.yaml:3:15 | it cannot be both',
      '6:45+5 "a.tar" is an archive of images here, and a root file system at images.yaml:3:15 | it cannot be both',
      '7:15+7 local/a:1 is asked for twice: here and at images.yaml:3:15 | one place holds one image; give one of them another tag or repository',
    ])
  })

  it('stays in its folder where the manifest is untrusted', async () => {
    for (const path of ['../a.tar', '/a.tar', '~/a.tar', 'b/../../a.tar']) {
      expect(await said(images(`{ rootfs: ${path}, to: local/a:1 }`), true)).toEqual([
        expect.stringContaining(
          `an untrusted manifest may not name a file outside its folder: "${path}"`,
        ),
      ])
    }
    const { stores } = parse(images('{ rootfs: in/a.tar, to: local/a:1 }'), { untrusted: true })
    expect(stores.get('./in/a.tar')).toMatchObject({ within: '/project' })
  })

  it('is read or refused, whatever its changes are', () => {
    const words = fc.constantFrom('CMD', 'ENV', 'RUN', 'A=$A', '["x"]', '"', "'", '\\', '\n', '<<E')
    const texts = fc.oneof(
      fc.string(),
      fc.array(words).map(all => all.join(' ')),
    )
    const read = (changes: readonly string[]) => {
      const entry = JSON.stringify({ rootfs: 'a.tar', changes, to: 'local/a:1' })
      try {
        parse(images(entry.replaceAll('${', '$')))
        return true
      } catch (error) {
        return error instanceof DocumentError
      }
    }
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 4 }), changes => {
        expect(read(changes)).toBe(true)
      }),
    )
  })
})
