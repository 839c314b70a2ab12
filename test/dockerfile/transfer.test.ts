import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/parse.ts'
import { carets, instruction, instructions, issuesOf, refusals, texts } from './reading.ts'

const parse = (text: string) => parseDockerfile(text, 'Dockerfile')

describe('COPY and ADD', () => {
  it.each([
    ['a b', ['a'], 'b'],
    ['a b c/', ['a', 'b'], 'c/'],
    ['["a b", "c"]', ['a b'], 'c'],
    ['"a b" c', ['"a', 'b"'], 'c'],
    ['$A ${B}', ['$A'], '${B}'],
    ['-- --a b', ['--a'], 'b'],
  ])('%s', (text, sources, destination) => {
    for (const kind of ['copy', 'add'] as const) {
      const found = instruction(kind, `${kind} ${text}`)
      expect([texts(found.sources), found.destination.text]).toEqual([sources, destination])
    }
  })

  it('take their flags', () => {
    const flags = '--chown=a:b --chmod=0644 --link --exclude=x --exclude=*.y'
    expect(instruction('copy', `COPY --from=b --parents=true ${flags} a c`)).toMatchObject({
      from: { text: 'b' },
      parents: true,
      link: true,
      chown: { text: 'a:b' },
      chmod: { text: '0644' },
      exclude: [{ text: 'x' }, { text: '*.y' }],
    })
    expect(
      instruction('add', `ADD --checksum=sha256:1 --keep-git-dir --unpack=false ${flags} a c`),
    ).toMatchObject({
      checksum: { text: 'sha256:1' },
      keepGitDir: true,
      unpack: false,
      exclude: [{ text: 'x' }, { text: '*.y' }],
    })
  })

  it('say nothing where nothing is said', () => {
    const add = instruction('add', 'ADD --link=FALSE --chown= a b')
    expect(add.link).toBe(false)
    expect(Object.keys(add)).not.toEqual(expect.arrayContaining(['unpack']))
    expect(Object.keys(add)).not.toEqual(expect.arrayContaining(['chown']))
  })

  it.each([
    ['COPY', '2:1 COPY needs a source and a destination'],
    ['ADD a', '2:1 ADD needs a source and a destination'],
    ['COPY ["a"]', '2:1 COPY needs a source and a destination'],
    ['COPY [1, 2]', '2:6 an item that is no text in a JSON array'],
    ['COPY --form=a b c', '2:6 there is no flag "--form"'],
    ['ADD --from=a b c', '2:5 there is no flag "--from"'],
    ['COPY --from a b', '2:6 --from has no value'],
    ['COPY --link= a b', '2:6 --link takes true or false, not ""'],
    ['COPY --link=1 a b', '2:6 --link takes true or false, not "1"'],
    ['COPY --from=a --from=b c d', '2:15 --from is given twice'],
    ['COPY a <<EOF\nx\nEOF', '2:8 an inline document as the destination'],
  ])('%j is refused', (text, refusal) => {
    expect(refusals(() => instructions(text))).toEqual([refusal])
  })

  it('suggest the flag that was meant', () => {
    const run = () => parse('FROM a\nCOPY --chwon=1 a b')
    expect(carets(run)).toEqual(['--chwon=1'])
    expect(issuesOf(run).map(({ hint }) => hint)).toEqual(['did you mean "--chown"?'])
  })
})
