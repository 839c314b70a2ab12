/** The fields of a line of comma separated values; absent where its quotes are wrong. */
export function parseCsv(line: string): readonly string[] | undefined {
  const fields: string[] = []
  for (let at = 0; ;) {
    const [all, quoted, plain = ''] = FIELD.exec(line.slice(at)) ?? []
    if (all === undefined) return undefined
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    at += all.length
    if (at === line.length) return fields
    if (line.charAt(at) !== ',') return undefined
    at++
  }
}

const FIELD = /^(?:"((?:[^"]|"")*)"|([^",]*))/
