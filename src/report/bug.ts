import { printable } from '../yaml/format.ts'
import { causesOf, isSuppressed, messageOf } from './causes.ts'
import { createPaint } from './paint.ts'

interface Facts {
  readonly color: boolean
  readonly version: string
  /** `v20.19.0` */
  readonly node: string
  /** `linux x64` */
  readonly platform: string
}

/** A bug: all that somebody needs who is going to mend it, and nothing of the environment. */
export function describeBug(error: unknown, { color, version, node, platform }: Facts): string {
  const paint = createPaint(color)
  return [
    `${paint.red('bug:')} this should not have happened`,
    ...[error, ...causesOf(error)].flatMap(stackOf),
    '',
    `waybill ${printable(version)}, node ${node}, ${platform}`,
    `${paint.cyan('hint:')} please report these lines with the command that was run; take out names that are nobody else's business`,
    '',
  ].join('\n')
}

function stackOf(error: unknown): readonly string[] {
  if (isSuppressed(error)) return [...stackOf(error.suppressed), ...stackOf(error.error)]
  const stack = error instanceof Error ? error.stack : undefined
  return (stack?.split('\n') ?? [messageOf(error)]).map(line => `  ${printable(line)}`)
}
