import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InputError } from '../errors.ts'
import type { Command } from './command.ts'
import { textFlag } from './flags.ts'

export const init: Command = {
  summary: 'Write a commented images.yaml to begin with.',
  positionals: [],
  options: {
    file: {
      type: 'string',
      short: 'f',
      default: 'images.yaml',
      value: 'PATH',
      help: 'Where to write it.',
    },
  },
  details: `
A file that exists is left alone.

Examples:
  waybill init
  waybill init --file deploy/images.yaml
`,

  async run({ flags }, { cwd, stdout, stderr, signal }) {
    const file = textFlag(flags, 'file') ?? 'images.yaml'
    await writeNew(file, resolve(cwd, file), signal)
    stdout.write(`${file}\n`)
    const given = file === 'images.yaml' ? '' : ` -f ${file}`
    stderr.write(
      `Edit it; then "waybill plan${given}" shows what would change, and "waybill reconcile${given}" does it.\n`,
    )
    return 0
  },
}

async function writeNew(file: string, path: string, signal: AbortSignal): Promise<void> {
  try {
    await writeFile(path, STARTER, { flag: 'wx', signal })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST') {
      throw new InputError('BAD_ARGUMENT', `${file} exists already, and is left as it is`, {
        hint: 'write to another place with --file PATH',
        cause: error,
      })
    }
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new InputError('BAD_ARGUMENT', `there is no folder to write ${file} into`, {
        cause: error,
      })
    }
    throw error
  }
}

const STARTER = `# yaml-language-server: $schema=./node_modules/waybill/schemas/images.schema.json

# Which container images should be where. "waybill plan" says what is missing,
# "waybill reconcile" puts it in place.
version: 1
name: images

# Only what differs from the defaults. Secrets are named, never written down.
#
# registries:
#   docker.io:
#     auth: { username: { env: HUB_USER }, password: { env: HUB_TOKEN } }
#     mirrors: [registry.internal/hub]
#     limits: { pullBudget: 20 }
#   registry.internal:
#     tls: { ca: ./ca.pem }
#     limits: { concurrency: 16 }
#     immutableTags: [{ semver: '*' }]

# Places that are not registries. "local" is there without a word: an OCI image
# layout in .waybill/store beside this file.
#
# stores:
#   local: { kind: layout, path: ./images }

# What every image has unless it says otherwise.
#
# defaults:
#   to: [registry.internal/mirror/]

images:
  # docker.io/library/alpine:3.20 into the store "local"
  - from: alpine:3.20

  # Several tags, two platforms of each, under another name. Quote tags: 3.10 is
  # a number, '3.10' is a tag.
  #
  # - from: python
  #   tags: ['3.12', '3.13']
  #   platforms: [linux/amd64, linux/arm64]
  #   as: '{tag}-mirror'
  #   to: registry.internal/mirror/python

  # By digest, to a tag of your own.
  #
  # - from: ghcr.io/acme/api@sha256:…
  #   to: registry.internal/api:stable
`
