/** `--format` and `--path` on the program's own output. */
import { describe, expect, it } from 'vitest'
import { idOf, world } from '../images/world.ts'
import { makeImage } from '../support/images.ts'

const TEMPLATE = 'table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}'

describe('what images are printed as', () => {
  it('follows a template, in lines or as a table', async () => {
    await using w = await world()
    const image = await makeImage({ seed: 'a' })
    await w.put('library/one', ['1', '2'], image)
    expect(await w.run('images --format {{.Repository}}:{{.Tag}}')).toMatchObject({
      code: 0,
      out: 'one:1\none:2\n',
    })
    const { out } = await w.run(['images', 'one:1', '--format', TEMPLATE])
    expect(out).toBe(`REPOSITORY  TAG  IMAGE ID\none         1    ${idOf(image)}\n`)
  })

  it('of an image that is inspected is a template, or a path', async () => {
    await using w = await world()
    const image = await makeImage({ seed: 'a' })
    await w.put('library/one', ['1'], image)
    const { digest } = image.manifest
    expect((await w.run('inspect one:1 -f {{.Id}}')).out).toBe(`${digest}\n`)
    expect((await w.run('inspect one:1 --path $.RepoTags[0]')).out).toBe('one:1\n')
    const wrong = await w.run('inspect one:1 -f {{.Idd}}')
    expect(wrong).toMatchObject({ code: 64, out: '' })
    expect(wrong.err).toMatch(/Idd[^]*\^/)
    expect(wrong.err).toContain('did you mean "Id"')
    expect(await w.run('inspect one:1 -f {{.Id}} --path $.Id')).toMatchObject({ code: 64 })
  })
})
