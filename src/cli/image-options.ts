/** What the commands about images share. */
import type { Option } from './command.ts'
import { accessOptions } from './options.ts'

/** Which store, and what is to be known of it. `-f` is docker's for other things here. */
export const storeOptions: Readonly<Record<string, Option>> = {
  store: {
    type: 'string',
    value: 'STORE',
    help: 'A store of the manifest, layout:PATH, docker, or the host of a registry; else the store "local".',
  },
  file: {
    type: 'string',
    multiple: true,
    value: 'PATH',
    help: 'Manifest that declares stores and registries; else images.yaml, where there is one.',
  },
  ...accessOptions,
}

export const outputOption: Option = {
  type: 'string',
  value: 'FORMAT',
  choices: ['text', 'json'],
  default: 'text',
  help: 'Format of the result.',
}

/** Of commands that make an image without a Dockerfile. */
export const changeOptions: Readonly<Record<string, Option>> = {
  change: {
    type: 'string',
    short: 'c',
    multiple: true,
    value: 'INSTRUCTION',
    help: `An instruction of a Dockerfile: 'CMD ["/run"]', 'ENV A=b'. May be given more than once.`,
  },
  message: { type: 'string', short: 'm', value: 'TEXT', help: 'What it is, for its history.' },
}

export const formatOption: Option = {
  type: 'string',
  value: 'TEMPLATE',
  help: "Lines as a Go template has them: '{{.Repository}}:{{.Tag}}', 'table {{.ID}}\\t{{.Size}}'.",
}

export const quietOption: Option = { type: 'boolean', short: 'q', help: 'Only ids.' }

export const noTruncOption: Option = { type: 'boolean', help: 'Shorten nothing.' }

export const platformOption: Option = {
  type: 'string',
  value: 'PLATFORM',
  help: 'Which image of several: linux/amd64, linux/arm64/v8. Else the first.',
}

/** docker's content trust, and what became of it. */
export const contentTrustOption: Option = {
  type: 'boolean',
  past: 'docker has dropped content trust; what arrives always has the digest that left',
  help: 'Accepted, and without effect.',
}

/** Of commands that move images. */
export const movingOptions: Readonly<Record<string, Option>> = {
  platform: {
    type: 'string',
    value: 'PLATFORM',
    help: 'Of an image for several, only this: linux/amd64. Its digest becomes another one.',
  },
  quiet: { type: 'boolean', short: 'q', help: 'Tell only of results and problems.' },
  output: outputOption,
}
