import { DocumentError } from '../yaml/errors.ts'
import { printable } from '../yaml/format.ts'
import type { Manifest } from '../manifest/types.ts'
import type { Issue } from '../yaml/issue.ts'
import { count } from '../report/units.ts'
import type { Command, Shell } from './command.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import { manifestOptions, outputOptions, trustOptions } from './options.ts'

const INVALID = 64

// It looks at no registry, so it takes no credentials, and it has no progress to tell of.
const {
  authfile: _authfile,
  quiet: _quiet,
  verbose: _verbose,
  ...options
} = { ...manifestOptions, ...trustOptions, ...outputOptions }

export const validate: Command = {
  summary: 'Check manifests. Looks at no registry and no store.',
  positionals: [],
  options,
  details: `
Everything that is wrong is told at once, each with its file, line and column. Advice on a manifest that is right does not make it wrong.

With --untrusted it also tells what "waybill plan --untrusted" would refuse.

Examples:
  waybill validate
  waybill validate -f images.yaml -f images.d --output json
`,

  async run({ flags }, shell) {
    const { loadManifest } = await import('../manifest/load.ts')
    const show = textFlag(flags, 'output') === 'json' ? json : text
    try {
      const manifest = await loadManifest(
        {
          files: listFlag(flags, 'file'),
          registriesFile: textFlag(flags, 'registries'),
          untrusted: isSet(flags, 'untrusted'),
          cwd: shell.cwd,
          env: shell.env,
        },
        { signal: shell.signal },
      )
      await show.valid(manifest, shell)
      return 0
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      await show.invalid(error, shell)
      return INVALID
    }
  },
}

interface Show {
  valid(manifest: Manifest, shell: Shell): Promise<void>
  invalid(error: DocumentError, shell: Shell): Promise<void>
}

const text: Show = {
  async valid({ files, images, wishes, choices, advice }, { stdout, stderr }) {
    if (advice.length > 0) {
      const { describeAdvice } = await import('../report/errors.ts')
      stderr.write(describeAdvice(advice, { color: stderr.color }))
    }
    const chosen =
      choices.length > 0 ? `, and what ${count(choices.length, 'image')} will choose` : ''
    const counts = `${count(images, 'image')}, ${count(wishes.length, 'place')}${chosen}`
    stdout.write(printable(`${files.join(', ')}: ok, ${counts}`) + '\n')
  },
  async invalid(error, { stderr }) {
    const { describeError } = await import('../report/errors.ts')
    stderr.write(describeError(error, { color: stderr.color }))
  },
}

const json: Show = {
  async valid({ files, images, wishes, choices, advice }, { stdout }) {
    const counts = { images, places: wishes.length, choices: choices.length }
    const facts = { valid: true, files, ...counts }
    stdout.write(`${JSON.stringify({ ...facts, issues: advice.map(plain), omitted: 0 })}\n`)
  },
  async invalid({ issues, omitted }, { stdout }) {
    stdout.write(`${JSON.stringify({ valid: false, issues: issues.map(plain), omitted })}\n`)
  },
}

/** An issue without its source line: who reads JSON has the file. */
function plain({ code, message, location, length, hint }: Issue) {
  const severity = code === 'MANIFEST_ADVICE' ? 'warning' : 'error'
  return { severity, code, message, ...location, length, ...(hint !== undefined && { hint }) }
}
