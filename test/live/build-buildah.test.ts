/** Builds by buildah, and by podman where it is there too, in a storage of their own. */
import { expect, it } from 'vitest'
import { openMemory } from '../../src/stores/memory/store.ts'
import { baseOf, makeContext, openWorkshop, requestOf } from '../support/building.ts'
import { shellImage } from '../support/shell-image.ts'
import { writeImage } from '../stores/content.ts'
import { buildCases } from './support/build-cases.ts'
import { describeLive } from './support/describe-live.ts'
import { available } from './support/tools.ts'

// what containers need of a machine is not there on all that run tests
const env = { ...process.env, BUILDAH_ISOLATION: 'chroot' }

if (!available('podman')) process.stderr.write('skipped: builds by podman: it is not on PATH\n')

for (const program of ['buildah', 'podman'] as const) {
  if (program === 'buildah' || available(program)) {
    describeLive(program, [program], () => suite(program))
  }
}

function suite(program: 'buildah' | 'podman'): void {
  const open = () => openWorkshop(program, { env })
  buildCases({ open }, true)

  it('gives equal images for equal inputs, on the layers that the base has', async () => {
    await using workshop = await open()
    await using context = await makeContext({ file: 'text' })
    const source = await openMemory({ name: 'registry.invalid' })
    const image = await shellImage({ types: 'docker' })
    await writeImage(source, 'acme/shell', image, [])
    const bases = [baseOf(source, { repository: 'acme/shell' }, image)]
    const text = 'FROM registry.invalid/acme/shell\nRUN echo > /made\nCOPY file /\n'
    const digests: string[] = []
    for (let count = 0; count < 2; count++) {
      const request = requestOf(text, context.folder, { bases })
      await using built = await workshop.builder.build(request, { onLine: () => {} })
      digests.push(built.digest)
      const manifest = await built.store.manifest(built.repository, built.digest)
      const document = JSON.parse(manifest?.bytes.toString() ?? '')
      const [, layer] = image.blobs
      expect(document.layers[0]).toEqual({
        ...layer?.content,
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      })
      expect(document.annotations).toEqual({
        'org.opencontainers.image.base.digest': image.content.digest,
        'org.opencontainers.image.base.name': `registry.invalid/acme/shell@${image.content.digest}`,
      })
    }
    expect(digests[0]).toBe(digests[1])
    await source.close()
  })
}
