/**
 * Whether to use colours. The flag beats the environment: `--color`, `--no-color`, then NO_COLOR,
 * FORCE_COLOR, and TERM=dumb; without any of them, a terminal gets colours and a pipe does not.
 */

type Wish = 'auto' | 'always' | 'never'

export function wantsColor(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  stream: { readonly isTTY?: boolean },
): boolean {
  const wish = wishOf(argv)
  if (wish !== 'auto') return wish === 'always'
  if ((env['NO_COLOR'] ?? '') !== '') return false
  const forced = env['FORCE_COLOR'] ?? ''
  if (forced !== '') return forced !== '0' && forced !== 'false'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

/** Looked for before flags are parsed, since a wrong flag is told of in colour, or not, as well. */
function wishOf(argv: readonly string[]): Wish {
  const end = argv.indexOf('--')
  const flags = end < 0 ? argv : argv.slice(0, end)
  const wishes = flags.map((flag, index): string | undefined => {
    if (flag === '--no-color') return 'never'
    if (flag === '--color') return flags[index + 1]
    return flag.startsWith('--color=') ? flag.slice('--color='.length) : undefined
  })
  return wishes.findLast(isWish) ?? 'auto'
}

function isWish(text: string | undefined): text is Wish {
  return text === 'auto' || text === 'always' || text === 'never'
}
