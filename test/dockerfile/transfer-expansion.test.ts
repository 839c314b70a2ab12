import { describe, expect, it } from 'vitest'
import { expandTransfer } from '../../src/dockerfile/expand-transfer.ts'
import { createSource } from '../../src/dockerfile/source.ts'
import { SCRATCH_CONFIG, stageOnImage } from '../../src/dockerfile/stage-state.ts'
import { instructions } from './reading.ts'

const platform = { os: 'linux', architecture: 'amd64' }

function expanded(text: string, workingDir = '/w') {
  const [instruction] = instructions(text)
  if (instruction?.kind !== 'copy' && instruction?.kind !== 'add')
    throw new Error('nothing to copy')
  const env = ['A=va', 'S=x  y', 'Q="q"']
  const state = stageOnImage({ config: { ...SCRATCH_CONFIG, env, workingDir } }, platform)
  return expandTransfer(state, instruction, {
    source: createSource('Dockerfile', `FROM scratch\n${text}`),
    escape: '\\',
    platform,
    globals: new Map(),
    buildArgs: new Map(),
  })
}

describe('a destination', () => {
  it.each([
    ['/a', '/a'],
    ['/a/', '/a/'],
    ['a', '/w/a'],
    ['a/', '/w/a/'],
    ['.', '/w/'],
    ['./', '/w/'],
    ['./b/../c', '/w/c'],
    ['..', '/'],
    ['../x/', '/x/'],
    ['/.', '/./.'],
    ['a/.', '/w/a/.'],
    ['$A/b', '/w/va/b'],
    ['/$U', '/'],
    ['$U', '/w/'],
    ['"/a"', '/a'],
  ])('%s is %s', (written, path) => {
    expect(expanded(`COPY x ${written}`).destination).toBe(path)
  })

  it('is below / where nothing was said', () => {
    expect(expanded('COPY x y', '').destination).toBe('/y')
  })
})

it('words come to one word each, whatever is in them', () => {
  const { sources, chown, chmod } = expanded('COPY --chown=$A:1 --chmod=$U $S $A/* "$Q" /d/')
  expect(sources.map(({ text }) => text)).toEqual(['x  y', 'va/*', '"q"'])
  expect([chown?.text, chmod]).toEqual(['va:1', undefined])
})

it('patterns to leave out stay as they are written', () => {
  const { exclude } = expanded('COPY --exclude=$A --exclude=*.x a b')
  expect(exclude.map(({ text }) => text)).toEqual(['$A', '*.x'])
})

it('a checksum may be a variable', () => {
  expect(expanded('ADD --checksum=sha256:$A http://x/y /z').checksum?.text).toBe('sha256:va')
})

it('documents are expanded unless they are quoted, and keep their quotes', () => {
  const text = 'COPY <<A <<"B" <<-C /d/\n$A "$U" \'$A\' \\$A `$A` ${U:-"x"}\nA\n$A\nB\n\t$A\n\tC\n'
  expect(expanded(text).documents).toEqual([
    { name: 'A', content: 'va "" \'va\' $A `va` "x"\n' },
    { name: 'B', content: '$A\n' },
    { name: 'C', content: 'va\n' },
  ])
})

it('a document that cannot be expanded is refused at the spot', () => {
  expect(() => expanded('COPY <<A /d\nok\nx ${U?no} y\nA')).toThrow('Dockerfile:4:3: U: no')
})
