import { printable } from '../yaml/format.ts'
import type { Manifest } from '../manifest/types.ts'
import { hexOf } from '../oci/digest.ts'
import { count } from './units.ts'

/** `images.yaml@3f2c1ab  7 images, 3 registries`, and that no lock is kept where none is. */
export function describeManifest(manifest: Manifest, isLocked: boolean): string {
  const { files, hash, images, wishes, choices, builds, stores } = manifest
  const [first = 'no file'] = files
  const name = files.length > 1 ? count(files.length, 'file') : printable(first)
  const named = [
    ...wishes.flatMap(({ from, to }) => [from, to]),
    ...choices.flatMap(({ from, destinations }) => [from, ...destinations]),
  ]
  const made = builds.flatMap(({ to }) => to)
  const hosts = new Set(
    [...named, ...made].map(({ store }) => store).filter(store => !stores.has(store)),
  )
  const registries = count(hosts.size, 'registry', 'registries')
  const built = builds.length > 0 ? `${count(builds.length, 'build')}, ` : ''
  return `${name}@${hexOf(hash).slice(0, 7)}  ${count(images, 'image')}, ${built}${registries}${isLocked ? '' : ', no lock'}`
}
