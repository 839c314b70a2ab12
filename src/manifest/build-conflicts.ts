/** What is wrong between builds, and between builds and images. */
import type { Issue, Location } from '../yaml/issue.ts'
import { quote } from '../yaml/words.ts'
import type { BuildDraft } from './builds.ts'
import { imageName } from './entry.ts'
import { rootfsName } from './rootfs.ts'
import { isRootfs, type ReadDocument } from './document.ts'
import type { Draft } from './wishes.ts'
import { formatReference } from '../oci/reference.ts'

const CODE = 'MANIFEST_CONFLICT'

export function buildConflicts(
  builds: readonly BuildDraft[],
  drafts: readonly Draft[],
  files: readonly ReadDocument[],
): Issue[] {
  return [...placesTwice(builds, drafts), ...namesTwice(builds, files), ...sources(builds, drafts)]
}

function placesTwice(builds: readonly BuildDraft[], drafts: readonly Draft[]): Issue[] {
  const writers = new Map<string, Location>(drafts.map(({ place, wish }) => [place, wish.location]))
  return builds.flatMap(({ file, places }) =>
    places.flatMap(({ place, at }) => {
      const other = writers.get(place)
      if (other === undefined) writers.set(place, file.text.locate(at.start))
      if (other === undefined) return []
      return [
        file.text.issue(at, {
          code: CODE,
          message: `${place} is asked for twice: here and at ${spoken(other)}`,
          hint: 'one place holds one image; give one of them another tag or repository',
        }),
      ]
    }),
  )
}

/** The lock, and `hold`, know builds and images by their names. */
function namesTwice(builds: readonly BuildDraft[], files: readonly ReadDocument[]): Issue[] {
  const images = new Set(
    files.flatMap(file =>
      file.isBroken('images')
        ? []
        : (file.document.images ?? []).flatMap((image, index) =>
            file.isBroken('images', index)
              ? []
              : [isRootfs(image) ? rootfsName(image) : imageName(image)],
          ),
    ),
  )
  const seen = new Map<string, Location>()
  return builds.flatMap(({ file, name, build }) => {
    const other = seen.get(build.name)
    seen.set(build.name, other ?? build.location)
    if (other === undefined && !images.has(build.name)) return []
    const what = other ? `another build is called` : 'an image is called'
    const where = other ? `, at ${spoken(other)}` : ''
    const message = `${what} ${quote(build.name)}${where}`
    return [file.text.issue(name, { code: CODE, message, hint: 'give it another name' })]
  })
}

/** What a build brings to a place would be copied from there before it is built. */
function sources(builds: readonly BuildDraft[], drafts: readonly Draft[]): Issue[] {
  const written = new Map(
    builds.flatMap(({ build, places }) => places.map(({ place }) => [place, build] as const)),
  )
  return drafts.flatMap(({ wish, file, from }) => {
    const source = formatReference(wish.from)
    const build = written.get(source)
    if (build === undefined) return []
    return [
      file.text.issue(from, {
        code: CODE,
        message: `${source} is written by this manifest: it is built at ${spoken(build.location)}`,
        hint: `add its places to the "to" of the build ${quote(build.name)} instead`,
      }),
    ]
  })
}

function spoken({ file, line, column }: Location): string {
  return `${file}:${line}:${column}`
}
