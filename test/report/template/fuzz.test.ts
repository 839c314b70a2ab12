import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileTemplate, type Template } from '../../../src/report/template/template.ts'
import { image, unlessRefused } from './values.ts'

const WORDS = String.raw`{{ }} {{- -}} {{end}} {{else}} {{if {{range {{with {{break}} {{/* */}}
  ( ) | , := = . .ID .RepoTags .Config.Labels .Size .Any $ $x $y "a" "," "%d" "%5s" 'c' 0 1 -1 2.5
  index len json join printf print println eq lt and or not slice split upper truncate pad true nil
  \t \n 🐳 table & %`
const words = fc.constantFrom(
  ...WORDS.split(/\s+/),
  ' ',
  '\n',
  '`r`',
  '{{.ID}}',
  '{{len .RepoTags}}',
)
const made = (maxLength: number, between: string) =>
  fc.array(words, { maxLength }).map(all => all.join(between))
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  made(30, ' '),
  made(30, ''),
  made(8, ' ').map(text => `{{${text}}}`),
)

it('is a template or refused with a place in it, whatever is written; so is what it gives', () => {
  const counts = { read: 0, rendered: 0, refused: 0 }
  const note = (text: string, template: Template, value: unknown) => {
    const rendered = unlessRefused(text, () => template.render(value))
    counts[rendered === undefined ? 'refused' : 'rendered'] += 1
    const names = { ID: 'ID', RepoTags: 'TAGS', Config: 'CONFIG', Size: 'SIZE' }
    unlessRefused(text, () => template.header(names))
  }
  const values = fc.anything({ withMap: true, withBigInt: true, withNullPrototype: true })
  fc.assert(
    fc.property(texts, values, (text, value) => {
      const template = unlessRefused(text, () => compileTemplate(text))
      if (template === undefined) return
      counts.read += text.includes('{{') ? 1 : 0
      note(text, template, image)
      note(text, template, value)
    }),
    { numRuns: 5_000 },
  )
  expect(Math.min(counts.read, counts.rendered, counts.refused)).toBeGreaterThan(50)
})

it('shows any JSON as JSON does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const shown: unknown = JSON.parse(compileTemplate('{{json .}}').render(value))
      expect(shown).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

it('reads back what %q makes of any text', () => {
  const text = fc.string({ unit: 'binary', maxLength: 50 }).filter(all => !/\p{Cs}/u.test(all))
  fc.assert(
    fc.property(text, all => {
      const quoted = compileTemplate('{{printf "%q" .}}').render(all)
      expect(compileTemplate(`{{${quoted}}}`).render(1)).toBe(all)
    }),
  )
})

it('gives text without braces as it is', () => {
  const plain = fc.string({ unit: 'binary' }).filter(text => !/\{\{|\\[tn]|^table/.test(text))
  fc.assert(
    fc.property(plain, text => {
      expect(compileTemplate(text).render(1)).toBe(text)
    }),
  )
})
