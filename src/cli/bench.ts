import type { Workbench } from '../reconcile/bench.ts'
import type { Platform } from '../oci/platform.ts'
import type { Flags, Shell } from './command.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import { VERSION } from './version.ts'

/** Opens the stores that the flags name. */
export async function openBenchFor(flags: Flags, shell: Shell): Promise<Workbench> {
  const { openBench } = await import('../reconcile/bench.ts')
  const { cwd, env, pid, host, now, signal, signalGroup, stderr } = shell
  return openBench(
    {
      files: listFlag(flags, 'file'),
      registriesFile: textFlag(flags, 'registries'),
      authfile: textFlag(flags, 'authfile'),
      store: textFlag(flags, 'store'),
      cwd,
      env,
      pid,
      host,
      now,
      signalGroup,
      version: VERSION,
      onNotice: text => {
        if (!isSet(flags, 'quiet')) stderr.write(`${text}\n`)
      },
    },
    { signal },
  )
}

export async function platformFlag(flags: Flags): Promise<Platform | undefined> {
  const text = textFlag(flags, 'platform')
  if (text === undefined) return undefined
  const { parsePlatform } = await import('../oci/platform.ts')
  return parsePlatform(text)
}

/** How tables are to look on stdout: shortened to fit a terminal, never in a pipe. */
export function tableLook({ stdout, now }: Shell): {
  readonly columns?: number
  readonly color: boolean
  readonly now: Date
} {
  return { ...(stdout.isTTY && { columns: stdout.columns }), color: stdout.color, now: now() }
}
