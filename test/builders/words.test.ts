/** What builders say, read. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBefore, parseVersion, platformIn } from '../../src/builders/buildah/info.ts'
import * as buildah from '../../src/builders/buildah/words.ts'
import { isTooOld } from '../../src/builders/buildx/program.ts'
import * as buildx from '../../src/builders/buildx/words.ts'
import { idsIn, parseMade } from '../../src/builders/docker/images.ts'
import { ownOf } from '../../src/builders/docker/leavings.ts'
import * as docker from '../../src/builders/docker/words.ts'
import { WaybillError } from '../../src/errors.ts'
import { parseDigest } from '../../src/oci/digest.ts'
import { byCodePoint } from '../../src/util/code-points.ts'

/** Whether any text is read, or refused in words. */
function readsAnything(read: (text: string) => unknown): boolean {
  const property = fc.property(fc.oneof(fc.string(), fc.json()), text => {
    try {
      read(text)
      return true
    } catch (error) {
      return error instanceof WaybillError
    }
  })
  return !fc.check(property).failed
}

describe('buildah', () => {
  it.each([
    ['STEP 2/5: RUN make', { stage: 0, number: 2, code: 'RUN make' }],
    ['[2/3] STEP 1/4: FROM x AS y', { stage: 1, number: 1, code: 'FROM x AS y' }],
    ['STEP 2: RUN make', undefined],
    ['a STEP 2/5: RUN make', undefined],
    ['[2/2] COMMIT', undefined],
  ])('is at a step: %j', (line, expected) => {
    expect(buildah.parseStepLine(line)).toEqual(expected)
  })

  it.each([
    ['Error: building at STEP "RUN x": while running runtime: exit status 3', 3],
    ['error: building at STEP "RUN x": exit status 127', 127],
    ['Error: building at STEP "COPY a b": no such file', undefined],
    ['Error: exit status 3 is what it says', undefined],
  ])('tells how a command ended: %j', (line, expected) => {
    expect(buildah.exitCodeIn(line)).toBe(expected)
  })

  it.each([
    ['a\nError: b: c\nd\n', 'b: c'],
    ['error: first\nError: last', 'last'],
    ['only words\n\n', 'only words'],
    ['', ''],
  ])('has last words: %j', (text, expected) => {
    expect(buildah.lastWords(text)).toBe(expected)
  })

  it.each([
    ['buildah version 1.28.2 (image-spec 1.1.0-rc2)', 'buildah 1.28.2', [1, 28]],
    ['podman version 4.3.1', 'podman 4.3.1', [4, 3]],
    ['buildah version 1.40.0-dev (x)', 'buildah 1.40.0-dev', [1, 40]],
  ])('is of a version: %j', (text, shown, version) => {
    expect(parseVersion(text)).toEqual({ shown, version })
  })

  it.each(['', 'version 1', 'docker version 1.2.3', 'buildah version x'])('is not %j', text => {
    expect(parseVersion(text)).toBeUndefined()
  })

  it.each([
    [[1, 28], [1, 28], false],
    [[1, 27], [1, 28], true],
    [[2, 0], [1, 28], false],
    [[1, 99], [2, 0], true],
  ] as const)('%j is before %j: %s', (one, other, expected) => {
    expect(isBefore(one, other)).toBe(expected)
  })

  it('says what it runs on', () => {
    const info = (host: object) => platformIn(JSON.stringify({ host }), 'buildah')
    expect(info({ os: 'linux', arch: 'arm', variant: 'v7' })).toEqual({
      os: 'linux',
      architecture: 'arm',
      variant: 'v7',
    })
    expect(() => info({ os: 'linux' })).toThrow('buildah does not say what it runs on')
  })

  it.each([
    buildah.parseStepLine,
    buildah.exitCodeIn,
    buildah.lastWords,
    parseVersion,
    text => platformIn(text, 'buildah'),
  ])('may say anything: %o', read => {
    expect(readsAnything(read)).toBe(true)
  })
})

describe('buildx', () => {
  const inspected = `Name:          ci
Driver:        docker-container
Last Activity: 2026-11-24 20:48:47 +0000 UTC

Nodes:
Name:             ci0
Endpoint:         unix:///var/run/docker.sock
Status:           running
BuildKit version: v0.17.2
Platforms:        linux/amd64*, linux/amd64/v2, linux/386
Labels:
 org.mobyproject.buildkit.worker.executor: oci
`

  it('is a builder', () => {
    expect(buildx.parseInspect(inspected)).toEqual({
      name: 'ci',
      driver: 'docker-container',
      version: 'v0.17.2',
      platforms: [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'amd64', variant: 'v2' },
        { os: 'linux', architecture: '386' },
      ],
    })
  })

  it('is one that cannot be reached, or has not run yet', () => {
    expect(buildx.parseInspect('Name:   default\nDriver: \nError:  no socket\n')).toEqual({
      name: 'default',
      driver: '',
      error: 'no socket',
      platforms: [],
    })
    const inactive = 'Name: x\nDriver: docker-container\n\nNodes:\nName: x0\nStatus: inactive\n'
    expect(buildx.parseInspect(inactive).platforms).toEqual([])
  })

  it.each([
    ['v0.12.5', true],
    ['v0.13.0', false],
    ['v1.0.0', false],
    ['v0.0.0+unknown', false],
    ['0123abc', false],
  ])('%s is too old: %s', (version, expected) => {
    expect(isTooOld(version)).toBe(expected)
  })

  it('tells of parts, and what these say', () => {
    const line = JSON.stringify({
      vertexes: [
        { digest: 'd1', name: '[1/2] RUN a', started: '2026', cached: true },
        { digest: 'd2', name: 'b', error: 'exit code: 1' },
        { digest: 'd3' },
        3,
      ],
      statuses: [{}],
      logs: [
        { vertex: 'd1', data: 'aGkK' },
        { vertex: 1, data: 'x' },
      ],
    })
    expect(buildx.parseProgress(line)).toEqual({
      vertexes: [
        { digest: 'd1', name: '[1/2] RUN a', isStarted: true, isCached: true },
        { digest: 'd2', name: 'b', isStarted: false, isCached: false, error: 'exit code: 1' },
      ],
      logs: [{ vertex: 'd1', bytes: Buffer.from('hi\n') }],
    })
  })

  it.each(['', 'ERROR: x', '{', '[]', '3', '{"a'])('says something else: %j', line => {
    expect(buildx.parseProgress(line)).toBeUndefined()
  })

  it.each([
    ['process "/bin/sh -c x" did not complete successfully: exit code: 3', 3],
    ['process "x" did not complete successfully: exit code: 137: context canceled', 137],
    ['"/nothing": not found', undefined],
  ])('tells how a command ended: %j', (error, expected) => {
    expect(buildx.exitCodeIn(error)).toBe(expected)
  })

  it.each([
    ['failed to build: failed to solve: x: y', 'x: y'],
    ['failed to solve with frontend dockerfile.v0: x', 'x'],
    ['x failed to solve: y', 'x failed to solve: y'],
  ])('has words of its own: %j', (words, expected) => {
    expect(buildx.withoutPrefixes(words)).toBe(expected)
  })

  it.each([buildx.parseInspect, buildx.parseProgress, buildx.exitCodeIn, isTooOld])(
    'may say anything: %o',
    read => {
      expect(readsAnything(read)).toBe(true)
    },
  )
})

describe('docker', () => {
  const id = (letter: string) => parseDigest(`sha256:${letter.repeat(64)}`)

  it.each([
    ['{"stream":"a\\n"}', { kind: 'text', text: 'a\n' }],
    ['{"errorDetail":{"code":1,"message":"b"},"error":"c"}', { kind: 'error', said: 'b' }],
    ['{"error":"c"}', { kind: 'error', said: 'c' }],
    ['{"errorDetail":{}}', { kind: 'error', said: '' }],
    [`{"aux":{"ID":"${id('a')}"}}`, { kind: 'image', id: id('a') }],
    ['{"aux":{"ID":"a"}}', undefined],
    ['{"status":"Pulling"}', undefined],
    ['\r', undefined],
  ])('says %j', (line, expected) => {
    expect(docker.parseMessage(line)).toEqual(expected)
  })

  it.each(['<html>', '[]', '3', '{"stream":'])('is no engine: %j', line => {
    expect(() => docker.parseMessage(line)).toThrow('no message')
  })

  it.each([
    ['Step 2/5 : RUN make', { kind: 'step', number: 2, code: 'RUN make' }],
    [' ---> 0123456789ab', { kind: 'made', id: '0123456789ab' }],
    [' ---> Running in 0123456789ab', { kind: 'made', id: '0123456789ab' }],
    [' ---> [Warning] x', { kind: 'noise' }],
    ['Removing intermediate container 0123456789ab', { kind: 'noise' }],
    ['Step 2: RUN make', { kind: 'other' }],
    ['hello', { kind: 'other' }],
  ])('is at %j', (line, expected) => {
    expect(docker.parseLine(line)).toEqual(expected)
  })

  it.each([
    ["The command '/bin/sh -c x' returned a non-zero code: 3", 3],
    ['COPY failed: no source files were specified', undefined],
  ])('tells how a command ended: %j', (said, expected) => {
    expect(docker.exitCodeIn(said)).toBe(expected)
  })

  it('lists what it has', () => {
    const list = Buffer.from(JSON.stringify([{ Id: id('a') }, { Id: 3 }, {}, 'x']))
    expect(idsIn(list, 'a list')).toEqual([id('a')])
    expect(idsIn(Buffer.from('null'), 'a list')).toEqual([])
    expect(() => idsIn(Buffer.from('<'), 'a list')).toThrow('a list is not JSON')
  })

  it('knows what an image was made of', () => {
    const inspect = (value: object) => parseMade(id('a'), Buffer.from(JSON.stringify(value)), 'e')
    expect(inspect({ Parent: id('b'), Container: 'c', RepoTags: ['x:1'] })).toEqual({
      id: id('a'),
      parent: id('b'),
      container: 'c',
      hasName: true,
    })
    expect(inspect({ Parent: '', RepoTags: null })).toEqual({
      id: id('a'),
      container: '',
      hasName: false,
    })
  })

  it.each([
    docker.parseMessage,
    docker.parseLine,
    docker.exitCodeIn,
    text => idsIn(Buffer.from(text), 'a list'),
    text => parseMade(id('a'), Buffer.from(text), 'e'),
  ])('may say anything: %o', read => {
    expect(readsAnything(read)).toBe(true)
  })

  describe('what a build left', () => {
    const made = (letter: string, parent?: string, container = '') => ({
      id: id(letter),
      ...(parent !== undefined && { parent: id(parent) }),
      container,
      hasName: false,
    })
    const letters = (own: ReturnType<typeof ownOf>) =>
      own.map(one => one.id.charAt(7)).toSorted(byCodePoint)
    // f came with the build; a is what it made of it, and b of that; c is somebody else's
    const all = [made('a', 'f', '1111'), made('b', 'a'), made('c', 'e'), made('d', 'f')]

    it.each([
      ['what it told of, and what that is made on', ['b'.repeat(12)], [], ['a', 'b']],
      ['what it told the containers of', ['1111'], [], ['a']],
      ['what is made on its own bases', [], ['f'], ['a', 'd']],
      ['nothing of others', [], [], []],
    ])('is %s', (_, told, bases, expected) => {
      const own = ownOf(all, { told, bases: new Set(bases.map(id)) })
      expect(letters(own)).toEqual(expected)
    })
  })
})
