import { InputError } from '../errors.ts'
import type { Passed } from '../images/archives.ts'
import { openArchiveAt, openArchiveOutput } from './archives.ts'
import { openBenchFor } from './bench.ts'
import type { Command, Flags, Shell, Terminal } from './command.ts'
import { isSet, textFlag } from './flags.ts'
import { outputOption, storeOptions } from './image-options.ts'

export const save: Command = {
  summary: 'Write images into one archive, which docker, podman and skopeo load.',
  positionals: [{ name: 'REF', help: 'images by name: mysql:5.7', required: true, multiple: true }],
  options: {
    ...storeOptions,
    out: {
      type: 'string',
      short: 'o',
      value: 'FILE',
      help: 'The archive. What is there is replaced. Else it goes to stdout, once it is whole.',
    },
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['docker', 'oci'],
      default: 'docker',
      help: 'What is written: docker, an OCI layout that docker loads, too; or oci, the layout alone.',
    },
    quiet: { type: 'boolean', short: 'q', help: 'Say nothing.' },
    output: outputOption,
  },
  details: `
Images keep the digests that they have, all their platforms with them. The archive is there whole or not at all, and the same images give the same bytes.

Examples:
  waybill save mysql:5.7 -o mysql.tar
  waybill save mysql:5.7 ghcr.io/acme/api:1 -o both.tar --format oci
  waybill save mysql:5.7 | ssh host waybill load
`,

  async run({ flags, args }, shell) {
    const path = textFlag(flags, 'out')
    const format = textFlag(flags, 'format') === 'oci' ? 'oci' : 'docker'
    if (path === undefined) return saveToStdout(format, { flags, args }, shell)
    const { saveImages } = await import('../images/archives.ts')
    await using bench = await openBenchFor(flags, shell)
    const archive = await openArchiveAt(path, { format, fresh: true }, shell)
    try {
      const saved = await saveImages(args, archive, bench, { signal: shell.signal })
      await tell(saved, { path, flags }, shell)
      return 0
    } finally {
      await archive.close()
    }
  },
}

/** What would be told on stdout goes to stderr: nothing but the archive is for whoever reads it. */
async function saveToStdout(
  format: 'docker' | 'oci',
  { flags, args }: Parameters<Command['run']>[0],
  shell: Shell,
): Promise<number> {
  refuseStdout(flags, shell)
  const { saveImages } = await import('../images/archives.ts')
  await using bench = await openBenchFor(flags, shell)
  await using output = await openArchiveOutput(format, shell)
  const saved = await saveImages(args, output.archive, bench, { signal: shell.signal })
  // who went away has no use for words either
  if (!(await output.send())) return 1
  await tell(saved, { flags }, { stdout: shell.stderr })
  return 0
}

function refuseStdout(flags: Flags, { stdout }: Shell): void {
  if (stdout.isTTY) {
    throw new InputError(
      'BAD_ARGUMENT',
      'stdout is a terminal, and an archive is nothing to read',
      {
        hint: 'name a file with -o, or send it on: waybill save mysql:5.7 | ssh host waybill load',
      },
    )
  }
  if (textFlag(flags, 'output') === 'json') {
    throw new InputError('BAD_ARGUMENT', '--output json and the archive are both for stdout', {
      hint: 'name a file for the archive with -o',
    })
  }
}

async function tell(
  saved: readonly Passed[],
  { path, flags }: { readonly path?: string; readonly flags: Flags },
  { stdout }: { readonly stdout: Terminal },
): Promise<void> {
  const { passedName } = await import('../images/archives.ts')
  const { shortDigest } = await import('../oci/digest.ts')
  if (textFlag(flags, 'output') === 'json') {
    const images = saved.map(one => ({ name: passedName(one), digest: one.digest }))
    stdout.write(`${JSON.stringify({ formatVersion: '1.0', file: path, images }, null, 2)}\n`)
  } else if (!isSet(flags, 'quiet')) {
    for (const one of saved) {
      stdout.write(`Saved ${one.shown} (${shortDigest(one.digest)})\n`)
    }
  }
}
