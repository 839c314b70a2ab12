import { resolve } from 'node:path'
import { InputError } from '../errors.ts'
import type { Build, BuildSecretSource, ContextSource } from '../manifest/types.ts'
import { openBenchFor } from './bench.ts'
import type { Command, Flags, Shell } from './command.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import { outputOption, storeOptions } from './image-options.ts'

const BUILDERS = ['auto', 'embedded', 'buildx', 'buildah', 'podman', 'docker'] as const

export const build: Command = {
  summary: 'Build an image from a Dockerfile.',
  positionals: [
    { name: 'CONTEXT', help: 'a folder, or a git repository: URL#REF:FOLDER', required: true },
  ],
  options: {
    ...storeOptions,
    tag: {
      type: 'string',
      short: 't',
      multiple: true,
      value: 'REF',
      help: 'A name for the image in the store. May be given more than once.',
    },
    dockerfile: {
      type: 'string',
      short: 'f',
      value: 'PATH',
      help: 'The Dockerfile, in the context; else Dockerfile.',
    },
    'build-arg': {
      type: 'string',
      multiple: true,
      value: 'NAME=VALUE',
      help: 'A value for an ARG; NAME alone takes it from the environment.',
    },
    target: { type: 'string', value: 'STAGE', help: 'The stage to build; else the last one.' },
    platform: {
      type: 'string',
      multiple: true,
      value: 'PLATFORM',
      help: 'What it is for: linux/arm64. Several make an index.',
    },
    builder: {
      type: 'string',
      value: 'KIND',
      choices: BUILDERS,
      help: 'What builds it; else auto.',
    },
    secret: {
      type: 'string',
      multiple: true,
      value: 'id=ID,src=FILE',
      help: 'A secret for RUN --mount=type=secret; or id=ID,env=NAME.',
    },
    'no-cache': {
      type: 'boolean',
      help: 'Build though the names stand for this very build already.',
    },
    quiet: { type: 'boolean', short: 'q', help: 'Only print the digest.' },
    output: outputOption,
  },
  details: `
As a manifest's "builds" does: base images are resolved first and pinned by digest, .dockerignore goes for every builder, and what was built from the same inputs before is not built again. The manifest, where one is there, gives stores and registries; -f is the Dockerfile's here, as with docker.

Examples:
  waybill build . -t acme/worker:1
  waybill build ./worker -t acme/worker:2 --build-arg VERSION=2.0
`,

  async run({ flags, args: [context = ''] }, shell) {
    const { buildByHand } = await import('../reconcile/build.ts')
    const { formatName } = await import('../images/names.ts')
    const { shortDigest } = await import('../oci/digest.ts')
    const { printable } = await import('../yaml/format.ts')
    const { stdout, stderr, signal } = shell
    const isQuiet = isSet(flags, 'quiet')
    await using bench = await openBenchFor(flags, shell)
    const built = await buildByHand(
      {
        build: await buildOf(context, flags, shell),
        names: listFlag(flags, 'tag'),
        fresh: isSet(flags, 'no-cache'),
        onBuilder({ kind, why }) {
          if (!isQuiet) stderr.write(`building with ${kind} (${printable(why)})\n`)
        },
        onLine({ step, text }) {
          if (isQuiet) return
          stderr.write(`${step === undefined ? '' : `${printable(step)}  `}${printable(text)}\n`)
        },
      },
      bench,
      { signal },
    )
    const { digest, result, names } = built
    if (textFlag(flags, 'output') === 'json') {
      stdout.write(`${JSON.stringify({ formatVersion: '1.0', ...built }, null, 2)}\n`)
    } else if (isQuiet) stdout.write(`${digest}\n`)
    else {
      const status = result === 'unchanged' ? 'unchanged, nothing was built' : 'built'
      const lines = [
        `Digest: ${digest}`,
        `Status: ${status}`,
        ...names.map(name => `Tagged: ${formatName(name)}`),
      ]
      stdout.write(lines.map(line => `${line}\n`).join(''))
      for (const { replaced, ...name } of names) {
        if (replaced) stderr.write(`${formatName(name)} was ${shortDigest(replaced)}\n`)
      }
    }
    return 0
  },
}

async function buildOf(context: string, flags: Flags, shell: Shell): Promise<Omit<Build, 'to'>> {
  const { parsePlatform } = await import('../oci/platform.ts')
  const kind = textFlag(flags, 'builder')
  const target = textFlag(flags, 'target')
  const [name = 'the image'] = listFlag(flags, 'tag')
  return {
    name,
    context: contextOf(context, shell),
    dockerfile: textFlag(flags, 'dockerfile') ?? 'Dockerfile',
    ...(target !== undefined && { target }),
    args: new Map(listFlag(flags, 'build-arg').flatMap(text => argOf(text, shell))),
    platforms: listFlag(flags, 'platform')
      .flatMap(text => text.split(','))
      .map(parsePlatform),
    builder: BUILDERS.find(one => one === kind) ?? 'auto',
    secrets: listFlag(flags, 'secret').map(text => secretOf(text, shell)),
    onBaseChange: true,
    overwrite: 'always',
    prune: 'off',
    location: { file: '', line: 1, column: 1 },
  }
}

/** As docker tells them apart: a repository has a scheme, `git@`, or ends in `.git`. */
function contextOf(text: string, { cwd }: Shell): ContextSource {
  const isGit = /^(?:https?|ssh|git|file):\/\//i.test(text) || /^git@|\.git(?:#|$)/.test(text)
  if (!isGit) return { folder: resolve(cwd, text), named: text }
  const [git = '', fragment = ''] = text.split('#', 2)
  const [ref = '', path = ''] = fragment.split(':', 2)
  const isRemote = /^(?:[a-z][a-z0-9+.-]*:\/\/|[^/]+:)/i.test(git)
  return {
    git: isRemote ? git : resolve(cwd, git),
    ...(ref !== '' && { ref }),
    path,
    submodules: false,
  }
}

function argOf(text: string, { env }: Shell): readonly (readonly [string, string])[] {
  const [, name = '', value] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(text) ?? []
  if (name === '') {
    throw new InputError('BAD_ARGUMENT', `--build-arg cannot be "${text.split('=')[0]}"`, {
      hint: 'write NAME=VALUE',
    })
  }
  const found = value ?? env[name]
  // as with docker: what is not set is not given
  return found === undefined ? [] : [[name, found]]
}

const SECRET_KEYS = new Set(['id', 'src', 'source', 'env', 'type'])

/** As docker reads it: of `type=env`, `src` is the name of a variable. */
function secretOf(text: string, { cwd }: Shell): BuildSecretSource {
  const fields = new Map(
    text.split(',').map(part => {
      const [key = '', ...rest] = part.split('=')
      return [key.trim(), rest.join('=')] as const
    }),
  )
  const stranger = [...fields.keys()].find(key => !SECRET_KEYS.has(key))
  if (stranger !== undefined) throw badSecret(`cannot have "${stranger}"`)
  const [id = '', type = ''] = [fields.get('id'), fields.get('type')]
  if (id === '') throw badSecret('has no id')
  if (!['', 'file', 'env'].includes(type)) throw badSecret(`cannot be of type "${type}"`)
  const source = fields.get('src') ?? fields.get('source')
  if (source !== undefined && type !== 'env') return { id, from: { file: resolve(cwd, source) } }
  return { id, from: { env: fields.get('env') ?? source ?? id } }
}

function badSecret(what: string): InputError {
  return new InputError('BAD_ARGUMENT', `--secret ${what}`, {
    hint: 'write id=ID,src=FILE or id=ID,env=NAME',
  })
}
