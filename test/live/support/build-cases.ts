/* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/valid-describe-callback,
   vitest/expect-expect, vitest/no-conditional-in-test, vitest/no-standalone-expect
   -- these are the cases of each builder that runs commands */
import { chmod, symlink } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { BuildRequest } from '../../../src/builders/builder.ts'
import { isBuilder } from '../../../src/builders/builder.ts'
import { BuildError, isAbort } from '../../../src/errors.ts'
import { openMemory } from '../../../src/stores/memory/store.ts'
import type { Store } from '../../../src/stores/store.ts'
import { byCodePoint } from '../../../src/util/code-points.ts'
import {
  baseOf,
  listen,
  makeContext,
  NOTHING_IGNORED,
  requestOf,
  type TestContext,
  type Workshop,
} from '../../support/building.ts'
import { readImage, type ImageContent } from '../../support/image-tree.ts'
import { shellImage, type ShellImageOptions } from '../../support/shell-image.ts'
import { writeImage } from '../../stores/content.ts'

export interface BuilderUnderTest {
  open(): Promise<Workshop>
  /** Whatever else than files of ours a build may leave: images, containers. */
  traces?(): Promise<readonly string[]>
}

/** No registry has it: nobody could get it from one. */
const HOST = 'registry.invalid'
const SHELL = `${HOST}/acme/shell:1`

const DOCKERFILE = `# syntax=docker/dockerfile:1
# escape=\\
ARG BASE=${SHELL}
FROM \${BASE} AS made
ARG GREETING
RUN mkdir -p /out/deep \\
    && echo "$GREETING" > /out/deep/said \\
    && chmod 750 /out/deep && ln -s said /out/deep/link
FROM ${HOST}/acme/nowhere:1 AS unneeded
RUN false
FROM ${SHELL} AS result
COPY --from=made /out /app
COPY src /app/src/
COPY kept/*.txt /
RUN rm /app/src/gone && cat /app/deep/said
LABEL own=yes
CMD ["/bin/sh"]
FROM ${HOST}/acme/nowhere:2
RUN false
`

const EXPECTED = {
  '/a.txt': 'file 644 0:0 a',
  '/app': 'directory 755 0:0',
  '/app/deep': 'directory 750 0:0',
  '/app/deep/link': 'symlink 777 0:0 -> said',
  '/app/deep/said': 'file 644 0:0 hello\n',
  '/app/src': 'directory 755 0:0',
  '/app/src/file': 'file 644 0:0 text',
  '/app/src/link': 'symlink 777 0:0 -> /etc/passwd',
  '/app/src/run.sh': 'file 755 0:0 #!/bin/sh\n',
}

export function buildCases(under: BuilderUnderTest, takesSecrets: boolean): void {
  let source: Store
  let workshop: Workshop
  let context: TestContext
  let before: readonly string[]
  const traces = async () => (await under.traces?.()) ?? []
  beforeAll(async () => {
    source = await openMemory({ name: HOST })
  })
  beforeEach(async () => {
    workshop = await under.open()
    before = await traces()
    context = await makeContext({
      'src/file': 'text',
      'src/run.sh': '#!/bin/sh\n',
      'src/gone': 'soon',
      'src/secret.log': 'not for the image',
      'kept/a.txt': 'a',
      'kept/b.log': 'b',
    })
    await chmod(join(context.folder, 'src/run.sh'), 0o755)
    await symlink('/etc/passwd', join(context.folder, 'src/link'))
  })
  afterEach(async () => {
    const left = await workshop.leftOver()
    await context[Symbol.asyncDispose]()
    await workshop[Symbol.asyncDispose]()
    expect(left).toEqual([])
    expect(await traces()).toEqual(before)
  })
  afterAll(() => source.close())

  async function shell(options?: ShellImageOptions) {
    const image = await shellImage(options)
    await writeImage(source, 'acme/shell', image, [])
    return baseOf(source, { repository: 'acme/shell', tag: '1' }, image)
  }

  async function request(text: string, more: Partial<BuildRequest> = {}) {
    const bases = [await shell()]
    return requestOf(text, context.folder, { bases, ...more })
  }

  async function content(asked: BuildRequest): Promise<ImageContent> {
    await using built = await workshop.builder.build(asked, { onLine: () => {} })
    return await readImage(built.store, built.repository, built.digest)
  }

  /** What came to the base; what engines keep in their own way is left out. */
  async function added({ tree }: ImageContent) {
    const { digest } = await shell()
    const own = await readImage(source, 'acme/shell', digest)
    return Object.fromEntries(
      [...tree]
        .filter(([path, what]) => own.tree.get(path) !== what)
        .filter(([path]) => !/^\/(?:dev|proc|sys|run)\//.test(path))
        .toSorted(([a], [b]) => byCodePoint(a, b)),
    )
  }

  it('says what it is', async () => {
    const found = await workshop.builder.probe()
    if (!isBuilder(found)) throw new Error(found.missing)
    expect(found).toMatchObject({ runs: true, takesSecrets })
    const own = requestOf('', '').platform
    expect(found.platforms).toContainEqual(expect.objectContaining(own))
  })

  it('builds what the Dockerfile says, and only with what is not ignored', async () => {
    const { lines, onLine } = listen()
    const asked = await request(DOCKERFILE, {
      target: 'result',
      args: new Map([['GREETING', 'hello']]),
      labels: new Map([['dev.example', 'a b"c']]),
      context: {
        name: './worker',
        folder: context.folder,
        ignore: { isIgnored: path => path.endsWith('.log'), isIgnoredWhole: () => true },
      },
    })
    await using built = await workshop.builder.build(asked, { onLine })
    const image = await readImage(built.store, built.repository, built.digest)
    expect(await added(image)).toEqual(EXPECTED)
    expect(image.config).toMatchObject({
      os: 'linux',
      config: { Labels: { own: 'yes', 'dev.example': 'a b"c' }, Cmd: ['/bin/sh'] },
    })
    const said = lines.find(({ text }) => text === 'hello')
    expect(said?.step).toMatch(
      /^\[result \d\/\d\] RUN rm \/app\/src\/gone && cat \/app\/deep\/said$/,
    )
  })

  if (takesSecrets) {
    it('takes one name for what it builds, and for what it builds with', async () => {
      const architecture = 'riscv64'
      const other = { os: 'linux', architecture }
      const foreign = await shellImage({ architecture })
      await writeImage(source, 'acme/shell', foreign, [])
      const own = baseOf(source, { repository: 'acme/shell', tag: '1' }, foreign)
      const text = `FROM --platform=$BUILDPLATFORM ${SHELL} AS made
ARG TARGETARCH
RUN echo "$TARGETARCH" > /made
FROM ${SHELL}
COPY --from=made /made /
`
      const bases = [await shell(), { ...own, platform: other }]
      const image = await content(await request(text, { bases, platform: other }))
      expect(image.config['architecture']).toBe(architecture)
      expect(await added(image)).toEqual({ '/made': `file 644 0:0 ${architecture}\n` })
    })
  }

  it('says which command failed, and how, and its last lines', async () => {
    const failing = `FROM ${SHELL}\n\n# a comment\nRUN echo before && \\\n  exit 3\nRUN echo after\n`
    const { lines, onLine } = listen()
    const built = workshop.builder.build(await request(failing), { onLine })
    const error: unknown = await built.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BuildError)
    expect(error).toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringMatching(
        /^Dockerfile:4: RUN echo before && +exit 3 ended with exit code 3$/,
      ),
      hint: expect.stringMatching(/^its last lines:\n[^]*\bbefore(?:\n|$)/),
    })
    expect(lines.map(({ text }) => text)).not.toContain('after')
  })

  it('says what else is wrong, and where', async () => {
    const asked = await request(`FROM ${SHELL}\nRUN true\nCOPY nothing /\n`)
    await expect(workshop.builder.build(asked, { onLine: () => {} })).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringMatching(/^Dockerfile:3: COPY nothing \/: .* says: .*nothing/),
    })
  })

  it('takes a base image of docker’s kind, and runs what it put off', async () => {
    const onbuild = ['RUN echo triggered > /triggered', 'COPY kept/a.txt /put-off']
    const bases = [await shell({ types: 'docker', onbuild })]
    const image = await content(await request(`FROM ${SHELL}\nCOPY src/file /own\n`, { bases }))
    expect(await added(image)).toEqual({
      '/own': 'file 644 0:0 text',
      '/put-off': 'file 644 0:0 a',
      '/triggered': 'file 644 0:0 triggered\n',
    })
  })

  it('begins with nothing where that is asked for', async () => {
    const image = await content(await request('FROM scratch\nCOPY src/file /\nENV A=b\n'))
    expect(Object.fromEntries(image.tree)).toEqual({ '/file': 'file 644 0:0 text' })
  })

  const value = 'correct horse battery staple'
  const secrets = [{ id: 'token', read: () => Promise.resolve(Buffer.from(`${value}\n`)) }]
  if (takesSecrets) {
    it('lets nothing of a secret into the image, or out in its words', async () => {
      const mounted = '--mount=type=secret,id=token cat /run/secrets/token'
      const text = `FROM ${SHELL}\nRUN ${mounted} && echo > /done\n`
      const { lines, onLine } = listen()
      await using built = await workshop.builder.build(await request(text, { secrets }), { onLine })
      const image = await readImage(built.store, built.repository, built.digest)
      expect(await added(image)).toEqual({ '/done': 'file 644 0:0 \n' })
      expect(image.bytes.filter(bytes => bytes.includes(value))).toEqual([])
      expect(lines.map(line => line.text)).toContain('***')
      expect(JSON.stringify(lines)).not.toContain(value)
    })
  } else {
    it('refuses secrets, which it could not keep', async () => {
      const asked = await request(`FROM ${SHELL}\nRUN echo\n`, { secrets })
      await expect(workshop.builder.build(asked, { onLine: () => {} })).rejects.toMatchObject({
        code: 'BUILD_UNSUPPORTED',
        message: expect.stringContaining('secret'),
      })
    })
  }

  it('stops when it is told to, with all that it started', async () => {
    const stop = new AbortController()
    const marker = '987654'
    const text = `FROM ${SHELL}\nRUN echo begun && sleep ${marker}\n`
    const build = workshop.builder.build(await request(text), {
      signal: stop.signal,
      onLine: ({ text: line }) => {
        if (line === 'begun') stop.abort()
      },
    })
    const error: unknown = await build.catch((reason: unknown) => reason)
    expect(isAbort(error)).toBe(true)
    await expect.poll(() => processesOf(marker), { timeout: 20_000 }).toEqual([])
  })

  it('fails as a context that cannot be read does', async () => {
    const ignore = { ...NOTHING_IGNORED, isIgnored: (path: string) => path === 'kept' }
    const folder = join(context.folder, 'nowhere')
    const asked = await request(`FROM ${SHELL}\nCOPY . /\n`, {
      context: { name: './nowhere', folder, ignore },
    })
    await expect(workshop.builder.build(asked, { onLine: () => {} })).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: './nowhere cannot be read',
    })
  })
}

/** Processes that `sleep` for so long, in whatever container. */
function processesOf(marker: string): readonly string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => argvOf(pid).join(' ') === `sleep ${marker}`)
}

function argvOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 2)
  } catch {
    // it ended meanwhile
    return []
  }
}
