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

  it('is one object on each line, or the usual table, by their names', async () => {
    await using w = await world()
    await w.put('library/one', ['1', '2'], await makeImage({ seed: 'a' }))
    const lines = (await w.run('images --format json')).out.trimEnd().split('\n')
    expect(lines.map(line => JSON.parse(line))).toMatchObject([
      { Repository: 'one', Tag: '1' },
      { Repository: 'one', Tag: '2' },
    ])
    expect((await w.run('images --format table')).out).toBe((await w.run('images')).out)
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

describe('what a history is printed as', () => {
  const TABLE =
    'table {{.ID}}\\t{{.CreatedSince}}\\t{{.CreatedAt}}\\t{{.Size}}\\t{{.Comment}}\\t{{.CreatedBy}}'

  it('follows a template, in lines or as a table', async () => {
    await using w = await world()
    const image = await makeImage({ seed: 'a', layers: [{ size: 2000 }, { size: 3000 }] })
    await w.put('library/one', ['1'], image)
    expect(await w.run(['history', 'one:1', '--format', '{{.ID}} {{.CreatedBy}}'])).toMatchObject({
      code: 0,
      out: `${idOf(image)} COPY a 1\n<missing> COPY a 0\n`,
    })
    const table = (await w.run(['history', 'one:1', '--format', TABLE])).out.split('\n')
    expect(table).toEqual([
      expect.stringMatching(/^IMAGE +CREATED +CREATED AT +SIZE +COMMENT +CREATED BY$/),
      expect.stringMatching(
        new RegExp(`^${idOf(image)} +8 weeks ago +2026-01-01T00:00:00Z +\\d\\.\\d KiB +COPY a 1$`),
      ),
      expect.stringMatching(/^<missing> +8 weeks ago +2026-01-01T00:00:00Z +\d\.\d KiB +COPY a 0$/),
      '',
    ])
  })

  it('is in bytes and whole where it is asked to be', async () => {
    await using w = await world()
    const image = await makeImage({ seed: 'a', layers: [{ size: 2000 }] })
    await w.put('library/one', ['1'], image)
    const flags = ['--no-human', '--no-trunc', '--format', '{{.ID}} {{.CreatedSince}} {{.Size}}']
    expect((await w.run(['history', 'one:1', ...flags])).out).toMatch(
      new RegExp(`^${image.manifest.digest} 2026-01-01T00:00:00Z \\d{4}\n$`),
    )
  })

  it('is one object on each line, or the usual table, by their names', async () => {
    await using w = await world()
    await w.put('library/one', ['1'], await makeImage({ seed: 'a', layers: [{ size: 2000 }] }))
    expect(JSON.parse((await w.run('history one:1 --format json')).out)).toMatchObject({
      CreatedBy: 'COPY a 0',
      Comment: '',
    })
    const usual = (await w.run('history one:1')).out
    expect((await w.run('history one:1 --format table')).out).toBe(usual)
  })

  it('is refused where a field is none, with a caret', async () => {
    await using w = await world()
    await w.put('library/one', ['1'], await makeImage({ seed: 'a' }))
    const wrong = await w.run('history one:1 --format {{.Createdby}}')
    expect(wrong).toMatchObject({ code: 64, out: '' })
    expect(wrong.err).toMatch(/Createdby[^]*\^[^]*did you mean "CreatedBy"/)
  })
})
