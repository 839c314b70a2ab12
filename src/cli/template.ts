import type { Template } from '../report/template/template.ts'
import type { Flags } from './command.ts'
import { textFlag } from './flags.ts'

/** What docker knows by name: all fields of a row on a line of their own, and the usual table. */
const NAMED: Readonly<Record<string, string | undefined>> = { json: '{{json .}}', table: undefined }

/** `--format`; `undefined` where the usual table is asked for, be it by saying nothing. */
export async function templateFlag(flags: Flags): Promise<Template | undefined> {
  const format = textFlag(flags, 'format')
  if (format === undefined) return undefined
  const text = Object.hasOwn(NAMED, format) ? NAMED[format] : format
  if (text === undefined) return undefined
  const { compileTemplate } = await import('../report/template/template.ts')
  return compileTemplate(text)
}
