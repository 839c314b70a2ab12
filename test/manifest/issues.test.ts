/** Every way in which a manifest can be wrong: where the caret is, and what is said. */
import { describe, expect, it } from 'vitest'
import { brief, DIGEST, issuesOf } from './manifests.ts'

/** What is said of a manifest whose lines from the second on are `lines`. */
async function said(lines: string, env: Record<string, string> = {}): Promise<string[]> {
  return (await issuesOf(`version: 1\n${lines}`, { env })).map(brief)
}

const TAG_HINT = 'a tag has 1 to 128 letters, digits, _, . or -, and starts with none of . and -'

describe('a manifest is refused for', () => {
  it.each([
    // keys
    ['an unknown key', 'nme: x', '2:1+3 unknown key "nme" | did you mean "name"?'],
    [
      'an unknown key that is like none',
      'defaults: { builder: x }',
      '2:13+7 unknown key "builder" | the keys here are to, referrers, overwrite, platforms, minAge, maxMajorJump, allowDowngrade and prune',
    ],
    [
      'an unknown key of an image',
      'images: [{ from: a:1, form: b }]',
      '2:23+4 unknown key "form" | did you mean "from"?',
    ],
    [
      'an unknown key deep inside',
      'registries:\n  a.b:\n    limits: { concurency: 1 }',
      '4:15+10 unknown key "concurency" | did you mean "concurrency"?',
    ],
    [
      'a key of JavaScript',
      '__proto__: x',
      '2:1+9 unknown key "__proto__" | the keys here are version, name, registries, stores, defaults, images and builds',
    ],
    [
      'a missing from',
      'images:\n  - to: local',
      '3:5+2 "from" is missing | say where the image comes from: "from: alpine:3.20"',
    ],
    [
      'a misspelt from, once',
      'images:\n  - fom: a',
      '3:5+3 unknown key "fom" | did you mean "from"?',
    ],
    // types
    [
      'a list that should be text',
      'images: [{ from: [a] }]',
      '2:18+3 "from" must be text, not a list',
    ],
    [
      'text that should be a list',
      'images: [{ from: a, tags: b }]',
      '2:27+1 "tags" must be a list, not text | write a list: [one, two]',
    ],
    [
      'text that should be a mapping',
      'images:\n  - alpine',
      '3:5+6 "images[0]" must be a mapping, not text',
    ],
    [
      'text where both a list and text will do',
      'images: [{ from: a:1, as: {} }]',
      '2:27+2 "as" must be text or a list, not a mapping',
    ],
    [
      'text that should be a number',
      'registries: { a.b: { limits: { concurrency: "4" } } }',
      '2:45+3 "concurrency" must be a whole number, not text | write the number without quotes',
    ],
    [
      'a yes that should be a boolean',
      'defaults: { referrers: yes }',
      '2:24+3 "referrers" must be true or false, not text | write true',
    ],
    [
      'nothing where there should be something',
      'images:',
      '2:1+6 "images" has no value; it must be a list',
    ],
    [
      'nothing in an entry',
      'images:\n  - from:\n    to: local',
      '3:5+4 "from" has no value; it must be text',
    ],
    // text that YAML reads as something else
    [
      'a tag that is a number',
      'images: [{ from: a, tags: [3.10] }]',
      "2:28+4 3.10 is read as the number 3.1 | quote it: '3.10'",
    ],
    [
      'a tag that is the same number',
      'images: [{ from: a, tags: [3.12] }]',
      "2:28+4 3.12 is read as a number | quote it: '3.12'",
    ],
    [
      'a tag that is hexadecimal',
      'images: [{ from: a, tags: [0x1F] }]',
      "2:28+4 0x1F is read as the number 31 | quote it: '0x1F'",
    ],
    [
      'a tag that is a boolean',
      'images: [{ from: a, tags: [true] }]',
      "2:28+4 true is read as a boolean | quote it: 'true'",
    ],
    [
      'an "as" that is a number',
      'images:\n  - from: a:1\n    as: 1.20',
      "4:9+4 1.20 is read as the number 1.2 | quote it: '1.20'",
    ],
    ['a name that is a number', 'name: 007', "2:7+3 007 is read as the number 7 | quote it: '007'"],
    // values
    [
      'a choice that is none',
      'defaults: { overwrite: alway }',
      '2:24+5 "overwrite" must be "always", "owned" or "never", not "alway" | did you mean "always"?',
    ],
    [
      'a tag that is none',
      "images: [{ from: a, tags: ['1.*'] }]",
      `2:28+5 "1.*" is not a tag | a pattern says what it is: { glob: '1.*' }, { regex: '\\d+' } or { semver: '>=1.2' }`,
    ],
    [
      'a template with a strange part',
      "images: [{ from: a:1, as: '{semver}' }]",
      '2:29+6 "{semver}" is no part of a template | the parts are {tag}, {semver.major}, {semver.minor}, {semver.patch} and {digest:12}, and the captures of a regex',
    ],
    [
      'a template that is left open',
      "images: [{ from: a:1, as: ['x{tag'] }]",
      '2:30+1 this "{" is never closed | close it with "}"',
    ],
    [
      'a template that makes no tag',
      "images: [{ from: a:1, as: '-{tag}' }]",
      '2:28+1 no tag begins with "-" | like {tag}, v{semver.major} or stable',
    ],
    [
      'a platform that is none',
      'defaults: { platforms: [amd64] }',
      '2:25+5 "amd64" is not a platform | write os/architecture or os/architecture/variant, like linux/arm64',
    ],
    [
      'a name that is none',
      'name: a b',
      '2:7+3 "a b" is not a name | a name has letters, digits, ., _, /, : or -, and starts with a letter or digit',
    ],
    [
      'an empty list',
      'images: [{ from: a:1, to: [] }]',
      '2:27+2 "to" is an empty list | name one, or leave it out',
    ],
    ['empty text', "images: [{ from: '' }]", '2:18+2 "from" is empty'],
    [
      'a name that no lock could hold',
      `name: ${'a'.repeat(501)}`,
      '2:7+501 "name" is longer than 500 characters',
    ],
    [
      'a number that is too small',
      'registries: { a.b: { limits: { concurrency: 0 } } }',
      '2:45+1 "concurrency" must be at least 1',
    ],
    [
      'a number that is too large',
      'registries: { a.b: { limits: { concurrency: 257 } } }',
      '2:45+3 "concurrency" must be at most 256',
    ],
    [
      'a number that must be positive',
      'registries: { a.b: { limits: { requestsPerSecond: 0 } } }',
      '2:51+1 "requestsPerSecond" must be more than 0',
    ],
    [
      'half a request',
      'registries: { a.b: { limits: { concurrency: 1.5 } } }',
      '2:45+3 "concurrency" must be a whole number, not a number',
    ],
    // names of things
    [
      'a registry without a dot',
      'registries: { internal: {} }',
      '2:15+8 "internal" is not a registry\'s host | a host has a dot or a colon in it, or is localhost; settings are for a whole host',
    ],
    [
      'a registry that is a URL',
      'registries: { "https://a.b": {} }',
      '2:15+13 "https://a.b" is not a registry\'s host | write the host alone; plain HTTP is asked for with "http: true"',
    ],
    [
      'a store called like a host',
      'stores: { localhost: { kind: layout, path: a } }',
      '2:11+9 "localhost" is not a name for a store | a-z, 0-9 and -, a letter first; not localhost, which is a host',
    ],
    [
      'a store with a dot',
      'stores: { a.b: { kind: layout, path: a } }',
      '2:11+3 "a.b" is not a name for a store | a-z, 0-9 and -, a letter first; not localhost, which is a host',
    ],
    // credentials
    [
      'a user without a password',
      'registries: { a.b: { auth: { username: x } } }',
      '2:30+8 "username" needs "password" beside it',
    ],
    [
      'a helper with company',
      'registries: { a.b: { auth: { helper: x, username: y, password: { env: Z } } } }',
      '2:30+6 "helper" goes without other keys',
    ],
    [
      'no credentials',
      'registries: { a.b: { auth: {} } }',
      '2:28+2 "auth" is empty | the keys here are username, password and helper',
    ],
    [
      'a helper that is a path',
      'registries: { a.b: { auth: { helper: ../x } } }',
      "2:38+4 this is not a helper's name | write ecr-login for the program docker-credential-ecr-login",
    ],
    [
      'a secret from two sources',
      'registries: { a.b: { auth: { username: u, password: { env: X, file: y } } } }',
      '2:63+4 "env" and "file" exclude each other',
    ],
    [
      'a secret from nowhere',
      'registries: { a.b: { auth: { username: u, password: {} } } }',
      '2:53+2 "password" is empty | the keys here are env and file',
    ],
    [
      'a variable that is none',
      'registries: { a.b: { auth: { username: u, password: { env: a-b } } } }',
      "2:60+3 this is not a variable's name | write the name of an environment variable, like HUB_TOKEN, not its value",
    ],
    // sources
    [
      'a source in capitals',
      'images: [{ from: Alpine:3 }]',
      '2:18+8 "Alpine:3" is not an image name | repository names are lower case: "alpine:3"',
    ],
    [
      'a source that is a URL',
      'images: [{ from: docker://a }]',
      '2:18+10 "docker://a" is a URL, not an image name | leave out "docker://"',
    ],
    [
      'a tag that no source has',
      'images: [{ from: "a:-" }]',
      `2:18+5 "-" in "a:-" is not a tag | ${TAG_HINT}`,
    ],
    [
      'half a digest',
      'images: [{ from: a@sha256:12 }]',
      '2:18+11 "sha256:12" is not a sha256 or sha512 digest',
    ],
    [
      'tags beside a tag',
      "images: [{ from: a:1, tags: ['2'] }]",
      '2:18+3 "tags" goes with a "from" that names no tag | write "from: a", or leave "tags" out',
    ],
    [
      'tags beside a digest',
      `images: [{ from: "a@${DIGEST}", tags: ['2'] }]`,
      '2:18+75 "tags" goes with a "from" that names no digest | write "from: a", or leave "tags" out',
    ],
    // places
    [
      'a place without a host',
      'images: [{ from: a:1, to: mirror/a }]',
      '2:27+8 "mirror" is neither a registry nor a store | a place begins with a host (Docker Hub is docker.io/mirror/a) or a declared store (local)',
    ],
    [
      'a place like a declared host',
      'registries: { registry.internal: {} }\nimages: [{ from: a:1, to: registry/a }]',
      '3:27+10 "registry" is neither a registry nor a store | did you mean "registry.internal/a"?',
    ],
    [
      'a place like a declared store',
      'stores: { cache: { kind: layout, path: c } }\nimages: [{ from: a:1, to: cahce }]',
      '3:27+5 "cahce" is neither a registry nor a store | did you mean "cache"?',
    ],
    [
      'a place by digest',
      `images: [{ from: a:1, to: "r.io/a@sha256:${'1'.repeat(64)}" }]`,
      `2:27+80 "r.io/a@sha256:${'1'.repeat(64)}" has a digest; a place is named by a tag | the source decides the digest; write "r.io/a"`.replace(
        '1'.repeat(64),
        '1'.repeat(64),
      ),
    ],
    [
      'one tag for several',
      "images: [{ from: a, tags: ['1', '2'], to: r.io/a:x }]",
      '2:43+8 "r.io/a:x" is one tag, but "tags" names 2 | leave out ":x", and each keeps its own',
    ],
    [
      'a tag and "as"',
      'images: [{ from: a:1, as: y, to: [r.io/b, r.io/a:x] }]',
      '2:43+8 "r.io/a:x" and "as" both name the tag | leave out one of them',
    ],
    [
      'a wrong default',
      'defaults: { to: nowhere/ }\nimages: [{ from: a:1 }, { from: b:1 }]',
      '2:17+8 "nowhere" is neither a registry nor a store | a place begins with a host (Docker Hub is docker.io/nowhere/) or a declared store (local)',
    ],
    [
      'a digest that nothing names',
      `images: [{ from: "a@${DIGEST}", to: r.io/a }]`,
      `2:99+6 nothing names a tag for "a@${DIGEST}" at "r.io/a" | a digest has no tag: end "to" with :TAG, or use "as"`,
    ],
    [
      'a digest and the default place',
      `images: [{ from: "a@${DIGEST}" }]`,
      `2:18+75 nothing names a tag for "a@${DIGEST}" at "local" | a digest has no tag: end "to" with :TAG, or use "as"`,
    ],
    [
      'a template that lacks its tag',
      `images: [{ from: "a@${DIGEST}", as: 'v{tag}' }]`,
      `2:99+8 "v{tag}" needs a tag, and "a@${DIGEST}" has none | write the tag that it should have`,
    ],
    [
      'a template that makes too long a tag',
      `images: [{ from: a:1, as: '${'x'.repeat(128)}{tag}' }]`,
      `2:27+135 "${'x'.repeat(80)}…" makes "${'x'.repeat(80)}…", which is not a tag | a tag has at most 128 characters`,
    ],
    // variables
    [
      'a variable that is not set',
      'images:\n  - from: "a/${NOPE}:1"',
      '3:14+7 the environment has no NOPE | set it, or give a default: ${NOPE:-default}',
    ],
    [
      'the second of two variables',
      'images:\n  - from: ${A}/${B}',
      '3:16+4 the environment has no B | set it, or give a default: ${B:-default}',
    ],
    [
      'a variable after an escaped one',
      "images:\n  - from: '$${A}${B}'",
      '3:17+4 the environment has no B | set it, or give a default: ${B:-default}',
    ],
    [
      'a variable in a block of text',
      'name: >-\n  a\n  ${B}',
      '4:3+4 the environment has no B | set it, or give a default: ${B:-default}',
    ],
    [
      'what is no variable',
      'name: "${A-b}"',
      '2:8+6 "${A-b}" names no variable | write ${NAME} or ${NAME:-default}; a literal ${ is written $${',
    ],
    [
      'a variable that is left open',
      'name: "a${A"',
      '2:9+3 "${A" names no variable | write ${NAME} or ${NAME:-default}; a literal ${ is written $${',
    ],
    [
      'a home that is not known',
      'stores: { x: { kind: layout, path: ~/x } }',
      '2:36+3 "~/x" is in the home folder, and the environment has no HOME | set HOME, or write the whole path',
    ],
  ])('%s', async (_, lines, issue) => {
    expect(await said(lines, { A: 'x' })).toEqual([issue])
  })
})
