/** Paths inside an image, as instructions write them. */

/** Without `.`, `..` and doubled slashes; Go's `path.Clean`. */
export function cleanPath(path: string): string {
  const isAbsolute = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (!isAbsolute) parts.push(part)
  }
  return `${isAbsolute ? '/' : ''}${parts.join('/')}` || '.'
}

/** `path` as seen from `folder`. What is absolute stays as it is written. */
export function resolvePath(folder: string, path: string): string {
  const from = folder === '' ? '/' : folder.startsWith('/') ? folder : cleanPath(`/${folder}`)
  if (path === '') return from
  return path.startsWith('/') ? path : cleanPath(`${from}/${path}`)
}

/** The same, for where COPY and ADD put things: a slash at the end says that it is a folder. */
export function resolveDestination(folder: string, path: string): string {
  if (path === '' || path === '.') return resolveDestination(folder, './')
  const resolved = resolvePath(folder, path)
  if (path.endsWith('/')) return resolved.endsWith('/') ? resolved : `${resolved}/`
  if (path.endsWith('/.')) return `${resolved === '/' ? '' : resolved}/.`
  return resolved
}
