import { InputError } from '../errors.ts'
import type { Prune, PruneResult, Pruned } from '../images/prune.ts'
import { openBenchFor, tableLook } from './bench.ts'
import type { Command, Flags, Shell } from './command.ts'
import { exitCodeOf, worstOf } from './exit-codes.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import { outputOption, storeOptions } from './image-options.ts'
import { lockOptions } from './options.ts'

export const prune: Command = {
  summary: 'Remove images that nothing needs, after asking.',
  positionals: [],
  options: {
    ...storeOptions,
    ...lockOptions,
    all: {
      type: 'boolean',
      short: 'a',
      help: 'Images that have a name, too, not only dangling ones.',
    },
    force: { type: 'boolean', short: 'f', help: 'Do not ask.' },
    filter: {
      type: 'string',
      multiple: true,
      value: 'FILTER',
      help: 'Only those with label=KEY[=VALUE], without label!=KEY[=VALUE], or made until=TIME: 24h ago, on 2026-01-31.',
    },
    output: outputOption,
  },
  details: `
Of an engine, what no container is made from, be it stopped or running, as docker has it. Of a layout, what neither the manifest nor its lock asks for, and neither those images nor what the manifest builds are made of: it needs both, and what a manifest could come to choose counts as asked for. Other manifests that use the layout are not looked at. A registry is refused.

What goes is shown first. Without a terminal nothing does, unless -f says so. What has changed since it was shown stays.

Examples:
  waybill prune --store docker
  waybill prune -a --filter until=240h --store docker
  waybill prune -a -f --file images.yaml
`,

  async run({ flags }, shell) {
    const { parsePruneFilters } = await import('../images/prune-filter.ts')
    const { openPrune } = await import('../images/prune.ts')
    const { signal } = shell
    const filters = parsePruneFilters(listFlag(flags, 'filter'), shell.now().getTime())
    await using bench = await openBenchFor(flags, shell)
    const asked = async () => {
      const { openAsked } = await import('../reconcile/asked.ts')
      return openAsked(askedInit(flags, shell), bench, { signal })
    }
    const request = { all: isSet(flags, 'all'), filters }
    const found = await openPrune(request, { bench, asked }, { signal })
    const agreed = found.images.length === 0 || isSet(flags, 'force') || (await agree(found, shell))
    if (!agreed) {
      shell.stderr.write('nothing was removed\n')
      return 0
    }
    const pruned: Pruned[] = []
    const isJson = textFlag(flags, 'output') === 'json'
    const onPruned = (one: Pruned) => {
      if (!isJson) tell(one, pruned.length === 0, shell)
      pruned.push(one)
    }
    const result = await found.run(onPruned, { signal })
    if (isJson) shell.stdout.write(encode(found, pruned, result))
    else await tellFreed(result, pruned.length > 0, shell)
    return tellLeft(result, shell)
  },
}

function askedInit(flags: Flags, { cwd, env }: Shell) {
  return {
    files: listFlag(flags, 'file'),
    registriesFile: textFlag(flags, 'registries'),
    lock: textFlag(flags, 'lock'),
    cwd,
    env,
  }
}

/** Shows what is to go, and asks somebody at a terminal. */
async function agree({ store, images }: Prune, shell: Shell): Promise<boolean> {
  const { describePrune } = await import('../report/prune.ts')
  const { count } = await import('../report/units.ts')
  const { stdin, stderr, signal } = shell
  const { now } = tableLook(shell)
  const look = { color: stderr.color, now, ...(stderr.isTTY && { columns: stderr.columns }) }
  stderr.write(describePrune(images, look))
  const these = `${count(images.length, 'image')} in ${store}`
  if (stdin.isTTY !== true) {
    throw new InputError(
      'BAD_ARGUMENT',
      `${these} would be removed, and there is no terminal to ask at`,
      {
        hint: '-f removes them without asking',
      },
    )
  }
  const { ask } = await import('./prompt.ts')
  const text = `Remove ${images.length === 1 ? 'it' : 'them'}? [y/N] `
  const [answer = ''] = (await ask([{ text, hidden: false }], shell)) ?? []
  signal.throwIfAborted()
  return /^y(?:es)?$/i.test(answer.trim())
}

/** As docker has it, and as soon as it is true. */
function tell({ untagged, deleted }: Pruned, isFirst: boolean, { stdout }: Shell): void {
  const lines = [
    ...(isFirst ? ['Deleted Images:'] : []),
    ...untagged.map(name => `untagged: ${name}`),
    ...deleted.map(digest => `deleted: ${digest}`),
  ]
  stdout.write(lines.map(line => `${line}\n`).join(''))
}

async function tellFreed(
  { freed }: PruneResult,
  isBelow: boolean,
  { stdout }: Shell,
): Promise<void> {
  if (freed === undefined) return
  const { formatBytes } = await import('../report/units.ts')
  stdout.write(`${isBelow ? '\n' : ''}Total reclaimed space: ${formatBytes(freed)}\n`)
}

async function tellLeft({ left }: PruneResult, { stderr, signal }: Shell): Promise<number> {
  const { describeError } = await import('../report/errors.ts')
  for (const { problem } of left) stderr.write(describeError(problem, { color: stderr.color }))
  return worstOf(0, ...left.map(({ problem }) => exitCodeOf(problem, signal)))
}

function encode({ store }: Prune, pruned: readonly Pruned[], { freed, left }: PruneResult): string {
  const document = {
    formatVersion: '1.0',
    store,
    removed: pruned.map(({ image, untagged, deleted }) => ({
      id: image.content.digest,
      untagged,
      deleted,
    })),
    left: left.map(({ image, problem: { code, message } }) => ({
      id: image.content.digest,
      error: { code, message },
    })),
    ...(freed !== undefined && { freed }),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
