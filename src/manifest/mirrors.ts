import { InputError } from '../errors.ts'
import { canonicalHost, isHost, isRepository } from '../oci/reference.ts'
import { report, type Declaration } from './declared.ts'
import type { Mirror } from './types.ts'
import { quote } from '../yaml/words.ts'

/** The mirrors of a registry, as far as they are any. */
export function mirrorsOf(declaration: Declaration, texts: readonly string[]): readonly Mirror[] {
  const [, host = ''] = declaration.path
  const seen = new Set<string>()
  return texts.flatMap((text, index) => {
    try {
      const mirror = parseMirror(text)
      refuseItself(text, mirror, canonicalHost(host))
      const name = `${mirror.host}/${mirror.path}`
      if (seen.has(name)) throw refused(text, 'is given twice')
      seen.add(name)
      return [mirror]
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      const { message, hint } = error
      report(declaration, ['mirrors', String(index)], { message, hint })
      return []
    }
  })
}

/** `host`, or `host/path`; a slash at the end changes nothing. */
function parseMirror(text: string): Mirror {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0]
  if (scheme !== undefined) throw refused(text, 'is a URL', `leave out ${quote(scheme)}`)
  const [first = '', ...rest] = text.replace(/\/$/, '').split('/')
  if (!isHost(first)) {
    const hint = 'a mirror begins with a host, which has a dot or a colon in it, or is localhost'
    throw refused(first, 'is not a registry', hint)
  }
  const path = rest.join('/')
  if (rest.length === 0 || isRepository(path)) return { host: canonicalHost(first), path }
  throw /[@:]/.test(path)
    ? refused(
        text,
        'names one image',
        'a mirror is a host, or a host and the path before its images',
      )
    : refused(text, 'is not a place', 'a path has segments of a-z, 0-9, ., _ and -, parted by /')
}

/** Another path on the same host may be a mirror: pull-through caches are laid out so. */
function refuseItself(text: string, mirror: Mirror, host: string): void {
  if (mirror.path !== '' || mirror.host !== host) return
  throw refused(text, 'is the registry itself', 'a mirror is another place with the same images')
}

function refused(text: string, complaint: string, hint?: string): InputError {
  return new InputError('BAD_REFERENCE', `${quote(text)} ${complaint}`, { hint })
}
