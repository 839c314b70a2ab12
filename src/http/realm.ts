/** Token services on another site than their registry, known by their operators' documentation. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'registry-1.docker.io': ['auth.docker.io'],
  'registry.gitlab.com': ['gitlab.com'],
  'nvcr.io': ['authn.nvidia.com'],
}

/** Suffixes under which strangers have names beside each other (publicsuffix.org, the likely ones). */
const SHARED: readonly string[] = [
  'amazonaws.com',
  'asso.fr',
  'appspot.com',
  'azurecr.io',
  'azurewebsites.net',
  'cloudfront.net',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'netlify.app',
  'ngrok-free.app',
  'ngrok.app',
  'ngrok.dev',
  'ngrok.io',
  'onrender.com',
  'pages.dev',
  'run.app',
  'vercel.app',
  'web.app',
  'trycloudflare.com',
  'windows.net',
  'workers.dev',
]

/**
 * Whether a registry may send us to `realm` for a token. A hostile registry names a realm of its
 * own choice, so credentials and requests go only to the same host, the same site, or a known
 * pair or one that the user allows (`trusts`), and never from TLS to plain HTTP (CVE-2019-10214, CVE-2026-48978).
 */
export function isTrustedRealm(registry: URL, realm: URL, trusts: readonly string[] = []): boolean {
  if (realm.protocol !== 'https:' && realm.protocol !== 'http:') return false
  if (registry.protocol === 'https:' && realm.protocol !== 'https:') return false
  if (realm.username !== '' || realm.password !== '') return false
  return (
    realm.hostname === registry.hostname ||
    trusts.includes(realm.host) ||
    (KNOWN[registry.hostname]?.includes(realm.hostname) ?? false) ||
    sameSite(registry.hostname, realm.hostname)
  )
}

/** Everything below such a suffix is shared as well: `us-east-1.elb.amazonaws.com`. */
function isShared(site: string): boolean {
  return SHARED.some(suffix => site === suffix || site.endsWith(`.${suffix}`))
}

/** `registry.acme.dev` and `gitlab.acme.dev`: one owner, as far as three or more labels tell. */
function sameSite(registry: string, realm: string): boolean {
  const site = registry.split('.').slice(1).join('.')
  if (!/^(?:[^.]*[a-z][^.]*\.)+[a-z]{2,}$/.test(site)) return false
  const labels = site.split('.')
  const suffixOnly = labels.length === 2 && (labels[0]?.length ?? 0) <= 3
  if (suffixOnly || isShared(site)) return false
  return realm === site || realm.endsWith(`.${site}`)
}
