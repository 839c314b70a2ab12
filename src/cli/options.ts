import type { Option } from './command.ts'

/** What every command takes. */
export const everyOptions: Readonly<Record<string, Option>> = {
  color: {
    type: 'string',
    value: 'WHEN',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
    help: 'Use colours. Follows NO_COLOR and FORCE_COLOR when auto.',
  },
  'no-color': { type: 'boolean', help: 'The same as --color never.' },
  help: { type: 'boolean', short: 'h', help: 'Show this help.' },
}

/** The ways to registries that no manifest says. */
export const accessOptions: Readonly<Record<string, Option>> = {
  registries: {
    type: 'string',
    value: 'FILE',
    help: 'A file of registries: and stores: that wins over the manifest.',
  },
  authfile: {
    type: 'string',
    value: 'FILE',
    help: 'Credentials, in the format of docker and podman; looked at first.',
  },
}

/** What finds the manifest and the ways to its registries. */
export const manifestOptions: Readonly<Record<string, Option>> = {
  file: {
    type: 'string',
    short: 'f',
    multiple: true,
    default: 'images.yaml',
    value: 'PATH',
    help: 'Manifest, or a folder of them. May be given more than once.',
  },
  ...accessOptions,
}

/** Where the lock is, and whether it decides alone. */
export const lockOptions: Readonly<Record<string, Option>> = {
  lock: {
    type: 'string',
    value: 'FILE',
    help: 'The lock, else images.lock.yaml beside images.yaml. It is begun where it is not there.',
  },
}

export const lockedOption: Option = {
  type: 'boolean',
  help: 'Choose and follow nothing: everything is as the lock has it. For CI.',
}

export const failOnOption: Option = {
  type: 'string',
  value: 'WHAT',
  help: 'End with 3 where there is any of these: drift, held, gone, separated by commas.',
}

/** For commands that only look. */
export const trustOptions: Readonly<Record<string, Option>> = {
  untrusted: {
    type: 'boolean',
    help: "Take the manifest for a stranger's: it may name no secret, and nothing outside its folder.",
  },
}

/** How results and progress are told. */
export const outputOptions: Readonly<Record<string, Option>> = {
  output: {
    type: 'string',
    value: 'FORMAT',
    choices: ['text', 'json'],
    default: 'text',
    help: 'Format of the result.',
  },
  quiet: { type: 'boolean', short: 'q', help: 'Tell only of problems.' },
  verbose: {
    type: 'boolean',
    short: 'v',
    help: 'Tell of each step as it begins, and of each place.',
  },
}

/** What bounds a run. */
export const runOptions: Readonly<Record<string, Option>> = {
  timeout: {
    type: 'string',
    value: 'TIME',
    help: 'Stop after this long, in good order: 90s, 30m, 2h.',
  },
}

export const verifyImmutableOption: Option = {
  type: 'boolean',
  help: 'Look at tags that immutableTags names, although they are in place.',
}

export const failFastOption: Option = {
  type: 'boolean',
  help: 'Begin nothing more after the first failure.',
}
