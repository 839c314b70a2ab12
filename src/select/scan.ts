/** What `pattern`, a sticky one, finds right at `at`. */
export function scanAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  const own = new RegExp(pattern)
  own.lastIndex = at
  return own.exec(text) ?? undefined
}
