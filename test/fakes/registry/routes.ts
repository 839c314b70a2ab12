export type Route =
  | { readonly kind: 'base' | 'catalog' | 'token' | 'unknown' }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'tags' | 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string }

const NAME = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = `(?<repository>${NAME}(?:/${NAME})*)`
const DIGEST = '(?<digest>[a-z0-9]+:[A-Fa-f0-9]+)'
const REFERENCE = '(?<reference>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|[a-z0-9]+:[A-Fa-f0-9]+)'

const patterns = {
  manifest: new RegExp(`^/v2/${REPOSITORY}/manifests/${REFERENCE}$`),
  blob: new RegExp(`^/v2/${REPOSITORY}/blobs/${DIGEST}$`),
  uploads: new RegExp(`^/v2/${REPOSITORY}/blobs/uploads/?$`),
  upload: new RegExp(`^/v2/${REPOSITORY}/blobs/uploads/(?<id>[0-9a-f-]+)$`),
  tags: new RegExp(`^/v2/${REPOSITORY}/tags/list$`),
  referrers: new RegExp(`^/v2/${REPOSITORY}/referrers/${DIGEST}$`),
}

export function routeOf(path: string): Route {
  if (path === '/v2/' || path === '/v2') return { kind: 'base' }
  if (path === '/v2/_catalog') return { kind: 'catalog' }
  if (path === '/token') return { kind: 'token' }
  for (const kind of ['manifest', 'blob', 'uploads', 'upload', 'tags', 'referrers'] as const) {
    const found = patterns[kind].exec(path)?.groups
    if (found) return routeFrom(kind, found)
  }
  return { kind: 'unknown' }
}

function routeFrom(
  kind: keyof typeof patterns,
  { repository = '', reference = '', digest = '', id = '' }: Readonly<Record<string, string>>,
): Route {
  switch (kind) {
    case 'manifest':
      return { kind, repository, reference }
    case 'blob':
    case 'referrers':
      return { kind, repository, digest }
    case 'upload':
      return { kind, repository, id }
    case 'tags':
    case 'uploads':
      return { kind, repository }
  }
}
