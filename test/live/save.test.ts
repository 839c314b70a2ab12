/** What `save` writes and `load` reads, beside skopeo. */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { world } from '../images/world.ts'
import { makeImage, makeIndex } from '../support/images.ts'
import { describeLive } from './support/describe-live.ts'
import { skopeoRaw } from './support/skopeo.ts'

const run = promisify(execFile)
const ARM = { os: 'linux', architecture: 'arm64' }

describeLive('save and load', ['skopeo'], () => {
  it('pass images on with their digests, all platforms of them', async () => {
    await using w = await world()
    const [one, arm] = [
      await makeImage({ seed: 'a' }),
      await makeImage({ seed: 'b', platform: ARM }),
    ]
    const index = makeIndex([one, arm])
    await w.put('library/one', ['1'], one)
    await w.put('ghcr.io/acme/many', ['2'], index)

    const saved = await w.run('save one:1 ghcr.io/acme/many:2 -o both.tar')
    expect(saved).toMatchObject({ code: 0, err: '' })
    expect(saved.out).toMatch(
      /^Saved library\/one:1 \(sha256:[0-9a-f]{12}\)\nSaved ghcr\.io\/acme\/many:2/,
    )
    const file = join(w.folder, 'both.tar')
    expect(await skopeoRaw(`oci-archive:${file}:ghcr.io/acme/many:2`)).toEqual(index.manifest.bytes)
    await w.run('save one:1 ghcr.io/acme/many:2 -o again.tar')
    expect(await readFile(join(w.folder, 'again.tar'))).toEqual(await readFile(file))

    const loaded = await w.run('load -i both.tar --store layout:./other')
    expect(loaded).toEqual({
      code: 0,
      out: 'Loaded image: ghcr.io/acme/many:2\nLoaded image: library/one:1\n',
      err: '',
    })
    const other = `oci:${join(w.folder, 'other')}`
    expect(await skopeoRaw(`${other}:ghcr.io/acme/many:2`)).toEqual(index.manifest.bytes)
    expect(await skopeoRaw(`${other}:library/one:1`)).toEqual(one.manifest.bytes)
  })

  it('read what skopeo saves for docker, from stdin', async () => {
    await using w = await world()
    await w.put('library/one', ['1'], await makeImage({ seed: 'a' }))
    const file = join(w.folder, 'docker.tar')
    const to = `docker-archive:${file}:docker.io/library/two:3`
    await run('skopeo', ['copy', `oci:${w.path}:library/one:1`, to])
    const stdin = createReadStream(file)
    expect(await w.run('load', { stdin })).toMatchObject({
      code: 0,
      out: 'Loaded image: library/two:3\n',
    })
    expect((await w.run('images -q two:3')).out).toMatch(/^[0-9a-f]{12}\n$/)
  })

  it('leave nothing of what is wrong, and say what it is', async () => {
    await using w = await world()
    await w.put('library/one', ['1'], await makeImage({ seed: 'a' }))
    await w.run('save one:1 -o one.tar')
    const bytes = await readFile(join(w.folder, 'one.tar'))
    await writeFile(join(w.folder, 'cut.tar'), bytes.subarray(0, bytes.length / 2))
    const cut = await w.run('load -i cut.tar --store layout:./other')
    expect(cut).toMatchObject({ code: 1, out: '' })
    expect(cut.err).toMatch(/^error: cut\.tar: /)
    await expect(stat(join(w.folder, 'other/index.json'))).rejects.toThrow('ENOENT')
    expect(
      await w.run('load', { stdin: Readable.from([Buffer.from('no archive')]) }),
    ).toMatchObject({
      code: 1,
    })
    expect((await w.run('load -i none.tar')).err).toMatch(/there is no archive at none\.tar/)
    const absent = await w.run('save one:1 two:1 -o two.tar')
    expect(absent).toMatchObject({ code: 1 })
    expect(absent.err).toMatch(/has no image two:1/)
    await expect(stat(join(w.folder, 'two.tar'))).rejects.toThrow('ENOENT')
  })
})
