import { InputError } from '../errors.ts'
import type { Search } from '../images/search.ts'
import { printable } from '../yaml/format.ts'
import { openBenchFor, tableLook } from './bench.ts'
import type { Command, Flags, Shell } from './command.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import { noTruncOption, outputOption, storeOptions } from './image-options.ts'

const DEFAULT_LIMIT = 25

export const search: Command = {
  summary: 'Find images: on Docker Hub, or by name in a registry.',
  positionals: [
    {
      name: '[HOST/]TERM',
      help: 'what to look for; with the host of a registry, or a store, before it: there',
      required: true,
    },
  ],
  options: {
    filter: {
      type: 'string',
      short: 'f',
      multiple: true,
      value: 'FILTER',
      help: 'Of Docker Hub only those with is-official=BOOL, or at least stars=N.',
    },
    limit: {
      type: 'string',
      value: 'N',
      default: String(DEFAULT_LIMIT),
      help: 'Show at most so many: 1 to 100.',
    },
    'no-trunc': noTruncOption,
    format: {
      type: 'string',
      value: 'TEMPLATE',
      help: "Lines as a Go template has them: '{{.Name}}: {{.StarCount}}', 'table {{.Name}}\\t{{.Tags}}'.",
    },
    output: outputOption,
    ...storeOptions,
    store: {
      type: 'string',
      value: 'STORE',
      help: 'Look for all of TERM there: in a store of the manifest, layout:PATH, or a registry.',
    },
    'no-index': {
      type: 'boolean',
      past: 'a column that only some dockers had; there is none here to leave out',
      help: 'Accepted, and without effect.',
    },
  },
  leftOut: {
    '-s': 'give the least number of stars with --filter stars=N',
    '--stars': 'give the least number of stars with --filter stars=N',
    '--automated': 'Docker Hub does not tell of automated builds any more; leave it out',
  },
  details: `
A registry has no search of its own: the repositories that it lists are shown whose name TERM is a part of, with their tags, what looks newest last.

Examples:
  waybill search mysql
  waybill search mysql --filter is-official=true --filter stars=100
  waybill search registry.internal/mirror/ --limit 100
  waybill search registry.internal/api --output json
`,

  async run({ flags, args: [text = ''] }, shell) {
    const { MOST_RESULTS, searchImages } = await import('../images/search.ts')
    const limit = limitOf(textFlag(flags, 'limit') ?? '', MOST_RESULTS)
    const { parseSearchFilters } = await import('../images/search-filter.ts')
    const filters = parseSearchFilters(listFlag(flags, 'filter'))
    const show = await showing(flags, shell)
    if (filters.isAutomated !== undefined) {
      shell.stderr.write(
        '--filter is-automated: Docker Hub does not tell of automated builds any more, and "true" finds none\n',
      )
    }
    await using bench = await openBenchFor(flags, shell)
    const atHome = textFlag(flags, 'store') !== undefined
    const found = await searchImages({ text, atHome, filters, limit }, bench, {
      signal: shell.signal,
    })
    shell.stdout.write(show(found))
    return tell(found, shell)
  },
}

function limitOf(text: string, most: number): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= most) return limit
  throw new InputError('BAD_ARGUMENT', `--limit cannot be "${text}"`, {
    hint: `it is a number from 1 to ${most}`,
  })
}

/** What is wrong in a template is said before anything is looked for. */
async function showing(flags: Flags, shell: Shell): Promise<(search: Search) => string> {
  const { describeSearch, encodeSearch, formatSearch } = await import('../report/search.ts')
  if (textFlag(flags, 'output') === 'json') return encodeSearch
  const look = { ...tableLook(shell), noTrunc: isSet(flags, 'no-trunc') }
  const format = textFlag(flags, 'format')
  if (format === undefined) return found => describeSearch(found, look)
  const { compileTemplate } = await import('../report/template/template.ts')
  const template = compileTemplate(format)
  return found => formatSearch(found, template, look)
}

/** What was found and could not be looked into is in the list all the same; 1 where there is any. */
async function tell(search: Search, { stderr }: Shell): Promise<number> {
  const { remarkOn } = await import('../report/search.ts')
  const { describeError } = await import('../report/errors.ts')
  const remark = remarkOn(search)
  if (remark !== undefined) stderr.write(`${remark}\n`)
  if (search.kind === 'images') return 0
  const { color } = stderr
  const failed = search.results.filter(({ problem }) => problem !== undefined)
  for (const { name, problem } of failed) {
    stderr.write(`${printable(name)}: ${describeError(problem, { color })}`)
  }
  return failed.length > 0 ? 1 : 0
}
