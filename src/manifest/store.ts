import { report, pathAt, type Declaration } from './declared.ts'
import type { StoreDocument } from './document.ts'
import { tlsOf } from './registry.ts'
import type { StoreSettings } from './types.ts'

type Key = Exclude<keyof StoreDocument, 'kind'>

const KINDS: Readonly<
  Record<StoreDocument['kind'], { readonly words: string; readonly keys: readonly Key[] }>
> = {
  layout: { words: 'a layout', keys: ['path'] },
  archive: { words: 'an archive', keys: ['path', 'format'] },
  docker: { words: 'an engine', keys: ['host', 'tls'] },
}

const ABOUT: Readonly<Record<Key, readonly [kind: StoreDocument['kind'], kinds: string]>> = {
  path: ['layout', 'layouts and archives'],
  format: ['archive', 'archives'],
  host: ['docker', 'engines'],
  tls: ['docker', 'engines'],
}

/** What a store is; `undefined` where it lacks what its kind needs, which is told. */
export function storeOf(declaration: Declaration, store: StoreDocument): StoreSettings | undefined {
  const { kind, path, format = 'docker', host, tls } = store
  refuseForeign(declaration, store)
  if (kind === 'docker') {
    return {
      kind,
      ...(host !== undefined && { host }),
      ...(tls && { tls: tlsOf(declaration, tls) }),
    }
  }
  if (path === undefined) {
    report(declaration, [], {
      message: '"path" is missing',
      hint:
        kind === 'layout'
          ? 'say which folder the layout is in: "path: ./store"'
          : 'say which file the archive is: "path: ./images.tar"',
    })
    return undefined
  }
  const at = pathAt(declaration, path, 'path')
  return kind === 'archive' ? { kind, path: at, format } : { kind, path: at }
}

/** Keys of other kinds. */
function refuseForeign(declaration: Declaration, store: StoreDocument): void {
  const { words, keys } = KINDS[store.kind]
  for (const key of ['path', 'format', 'host', 'tls'] as const) {
    if (store[key] === undefined || keys.includes(key)) continue
    const [other, kinds] = ABOUT[key]
    const message = `"${key}" is about ${kinds}, and this is ${words}`
    report(declaration, [key], { message, hint: `leave it out, or write kind: ${other}` })
  }
}
