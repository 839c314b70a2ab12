import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** One line of docker-registry's access log. */
export interface AccessLine {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly status: number
  /** Of the answer's body. */
  readonly bytes: number
}

const LINE =
  /^\S+ \S+ \S+ \[[^\]]*\] "(?<method>[A-Z]+) (?<url>\S+) [^"]*" (?<status>\d+) (?<bytes>\d+)/

/** Lines are written after the answer, so the log is read until nothing is added any more. */
export async function readAccessLog(file: string): Promise<readonly AccessLine[]> {
  let text = await readFile(file, 'utf8')
  for (;;) {
    await pause(30)
    const again = await readFile(file, 'utf8')
    if (again.length === text.length) break
    text = again
  }
  return text.split('\n').flatMap(line => parseLine(line) ?? [])
}

/** `undefined` for what is no request: the registry's own remarks. */
function parseLine(line: string): AccessLine | undefined {
  const found = LINE.exec(line)?.groups
  if (!found) return undefined
  const { pathname, searchParams } = new URL(found['url'] ?? '/', 'http://registry')
  return {
    method: found['method'] ?? '',
    path: pathname,
    query: searchParams,
    status: Number(found['status']),
    bytes: Number(found['bytes']),
  }
}
