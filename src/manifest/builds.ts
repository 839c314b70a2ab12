/** From `builds` to builds. */
import { isAbsolute, posix, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import { parsePlatform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'
import { durationMs } from '../util/duration.ts'
import type { Issue } from '../yaml/issue.ts'
import { spotAt, type Span } from '../yaml/tree.ts'
import { quote } from '../yaml/words.ts'
import { pathAt, report, type Declaration } from './declared.ts'
import type { BuildDocument, ReadDocument } from './document.ts'
import { parseTarget, type Known } from './places.ts'
import type { Build, BuildSecretSource, ContextSource, Place } from './types.ts'
import type { Env } from './variables.ts'

/** A build, and where its places are asked for. */
export interface BuildDraft {
  readonly build: Build
  readonly file: ReadDocument
  readonly name: Span
  readonly places: readonly { readonly place: string; readonly at: Span }[]
}

export function buildsIn(
  file: ReadDocument,
  known: Known,
  env: Env,
): { readonly drafts: readonly BuildDraft[]; readonly issues: Issue[]; readonly advice: Issue[] } {
  const [issues, advice]: [Issue[], Issue[]] = [[], []]
  const builds = file.isBroken('builds') ? [] : (file.document.builds ?? [])
  const drafts = builds.flatMap((build, index) => {
    if (file.isBroken('builds', index)) return []
    const path = ['builds', String(index)]
    const entry = { file, path, env, engines: {}, issues }
    return [draftOf(entry, build, { known, advice })]
  })
  return { drafts, issues, advice }
}

function draftOf(
  entry: Declaration,
  build: BuildDocument,
  { known, advice }: { readonly known: Known; readonly advice: Issue[] },
): BuildDraft {
  const { file, path } = entry
  const { name, target, args = {}, platforms = [], rebuild = {} } = build
  const { node } = spotAt(file.tree, [...path, 'name'])
  const maxAgeMs = rebuild.maxAge === undefined ? undefined : durationMs(rebuild.maxAge)
  const places = placesOf(entry, build, { known, advice })
  return {
    file,
    name: node,
    places: places.map(({ place, at }) => ({ place: formatReference(place), at })),
    build: {
      name,
      context: contextOf(entry, build),
      dockerfile: inContext(entry, build.dockerfile ?? 'Dockerfile', 'dockerfile'),
      ...(target !== undefined && { target }),
      args: new Map(Object.entries(args)),
      platforms: platforms.map(parsePlatform),
      builder: build.builder ?? 'auto',
      secrets: secretsOf(entry, build),
      ...(maxAgeMs !== undefined && { maxAgeMs }),
      onBaseChange: rebuild.onBaseChange ?? true,
      overwrite: build.overwrite ?? 'always',
      prune: build.prune ?? 'off',
      to: places
        .map(({ place }) => place)
        .toSorted((a, b) => (formatReference(a) < formatReference(b) ? -1 : 1)),
      location: file.text.locate(node.start),
    },
  }
}

function contextOf(entry: Declaration, { context }: BuildDocument): ContextSource {
  if (typeof context === 'string') {
    return { folder: pathAt(entry, context, 'context'), named: context }
  }
  const { git, ref, path = '', submodules = false } = context
  return {
    git: isLocal(git) ? resolve(entry.file.text.folder, git) : git,
    ...(ref !== undefined && { ref }),
    path: inContext(entry, path, 'context', 'path'),
    submodules,
  }
}

/** As git tells them apart: what has a scheme, or a colon before any slash, is elsewhere. */
function isLocal(git: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(git) && !/^[^/]+:/.test(git)
}

/** A path in the context, cleaned. */
function inContext(entry: Declaration, text: string, ...keys: readonly string[]): string {
  const path = posix.normalize(text).replace(/\/$/, '')
  if (!isAbsolute(path) && path !== '..' && !path.startsWith('../')) return path === '.' ? '' : path
  report(entry, keys, {
    message: `${quote(text)} is outside the ${keys.length > 1 ? 'repository' : 'context'}`,
    hint: 'a context has only what is in its own folder: name a folder that has both',
  })
  return path
}

function secretsOf(entry: Declaration, { secrets = [] }: BuildDocument): BuildSecretSource[] {
  const seen = new Set<string>()
  return secrets.flatMap(({ id, env, file }, index): BuildSecretSource[] => {
    const at = ['secrets', String(index)]
    if (seen.has(id)) report(entry, at, { message: `the secret ${quote(id)} is given twice` })
    seen.add(id)
    if (env !== undefined && file === undefined) return [{ id, from: { env } }]
    if (file !== undefined && env === undefined) {
      return [{ id, from: { file: pathAt(entry, file, ...at, 'file') } }]
    }
    report(entry, at, {
      message: `the secret ${quote(id)} needs one of "env" and "file"`,
      hint: `{ id: ${id}, env: NAME }, or { id: ${id}, file: ./path }`,
    })
    return []
  })
}

function placesOf(
  entry: Declaration,
  { name, to }: BuildDocument,
  { known, advice }: { readonly known: Known; readonly advice: Issue[] },
): { readonly place: Place; readonly at: Span }[] {
  return [to].flat().flatMap((text, index) => {
    const keys = ['to', ...(typeof to === 'string' ? [] : [String(index)])]
    const at = spotAt(entry.file.tree, [...entry.path, ...keys]).node
    const place = placeAt(entry, text, { keys, known, name })
    if (place === undefined) return []
    if (place.tag === 'latest') advice.push(latest(entry, at, text))
    return [{ place, at }]
  })
}

function placeAt(
  entry: Declaration,
  text: string,
  {
    keys,
    known,
    name,
  }: { readonly keys: readonly string[]; readonly known: Known; readonly name: string },
): Place | undefined {
  try {
    const target = parseTarget(text, known)
    if (target.kind === 'exact') {
      const { store, repository, tag = 'latest' } = target
      return { store, repository, tag }
    }
    report(entry, keys, {
      message: `${quote(text)} names no repository, and a build has no name of its own there`,
      hint: `write it out: ${text.replace(/\/$/, '')}/${name}:1`,
    })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    report(entry, keys, { message: error.message, hint: error.hint })
  }
  return undefined
}

function latest({ file }: Declaration, at: Span, text: string): Issue {
  return file.text.issue(at, {
    code: 'MANIFEST_ADVICE',
    message: `${quote(text)} is called "latest", which moves`,
    hint: 'give it a version as its tag, so that whoever uses it knows what they have',
  })
}
