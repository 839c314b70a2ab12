/** docker's longer spellings of commands. */

const ALIASES: Readonly<Record<string, string>> = {
  'image build': 'build',
  'image ls': 'images',
  'image list': 'images',
  'image pull': 'pull',
  'image push': 'push',
  'image rm': 'rmi',
  'image remove': 'rmi',
  'image tag': 'tag',
  'image inspect': 'inspect',
  'image history': 'history',
  'image prune': 'prune',
  'image save': 'save',
  'image load': 'load',
  'image import': 'import',
  'container commit': 'commit',
  'system df': 'du',
}

/** The line with the command's own name in place of docker's two words for it. */
export function spelled(argv: readonly string[]): readonly string[] {
  const [first, second, ...rest] = argv
  const alias = `${first} ${second}`
  const name = Object.hasOwn(ALIASES, alias) ? ALIASES[alias] : undefined
  return name === undefined ? argv : [name, ...rest]
}
