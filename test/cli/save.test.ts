/** `save` to stdout: the archive and nothing else, through real pipes to whoever reads it. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { idOf, world, type World } from '../images/world.ts'
import { BIN } from '../support/cli.ts'
import { makeImage } from '../support/images.ts'
import { fakeShell } from './fake-shell.ts'

const run = promisify(execFile)

/** Far more than a pipe holds. */
const HUGE = {
  layers: Array.from({ length: 8 }, (_, at) => ({ size: 1024 * 1024, seed: `huge ${at}` })),
}
const LARGE = { layers: [{ size: 1024 * 1024, seed: 'large' }] }

/** A command line of bash, in which `waybill` is the built program; prints how each part ended. */
async function bash(w: World, line: string) {
  const temporary = join(w.folder, 'tmp')
  await mkdir(temporary, { recursive: true })
  const script = `waybill() { "$NODE" "$BIN" "$@"; }; ${line}; echo "ended \${PIPESTATUS[*]}" >&2`
  const env = { PATH: process.env['PATH'], HOME: w.folder, NODE: process.execPath, BIN }
  const { stdout, stderr } = await run('bash', ['-c', script], {
    cwd: w.folder,
    env: { ...env, TMPDIR: temporary },
  })
  expect(await readdir(temporary)).toEqual([])
  return { stdout, stderr }
}

/** One that has begun to send, and whoever was to read does not. */
async function sendingToNobody(w: World) {
  await w.put('library/large', ['1'], await makeImage({ seed: 'l', ...HUGE }))
  const temporary = join(w.folder, 'tmp')
  await mkdir(temporary, { recursive: true })
  const child = spawn(process.execPath, [BIN, 'save', 'large:1'], {
    cwd: w.folder,
    env: { PATH: process.env['PATH'], HOME: w.folder, TMPDIR: temporary },
  })
  const ended = once(child, 'exit')
  await once(child.stdout, 'readable')
  return {
    child,
    ended,
    temporary,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      child.stdout.destroy()
      await ended
    },
  }
}

describe('save without a file', () => {
  it('gives another one all that it loads', async () => {
    await using w = await world()
    const [one, two] = [await makeImage({ seed: 'a', ...LARGE }), await makeImage({ seed: 'b' })]
    await w.put('library/one', ['1'], one)
    await w.put('acme/two', ['2', '3'], two)
    const line = 'waybill save one:1 acme/two:2 | waybill load --store layout:./other'
    expect(await bash(w, line)).toEqual({
      stdout: 'Loaded image: acme/two:2\nLoaded image: library/one:1\n',
      stderr: expect.stringMatching(
        /^Saved library\/one:1 \(sha256:[0-9a-f]{12}\)\nSaved acme\/two:2 \(.*\)\nended 0 0\n$/,
      ),
    })
    expect((await w.run('images --store layout:./other -q')).out).toBe(
      `${idOf(two)}\n${idOf(one)}\n`,
    )
  })

  it('gives the bytes that a file would have', async () => {
    await using w = await world()
    await w.put('library/one', ['1'], await makeImage({ seed: 'a', ...LARGE }))
    await bash(w, 'waybill save one:1 --format oci -q > piped.tar')
    await w.run('save one:1 --format oci -o file.tar')
    const bytes = await readFile(join(w.folder, 'file.tar'))
    expect(await readFile(join(w.folder, 'piped.tar'))).toEqual(bytes)
    expect(bytes.length).toBeGreaterThan(1024 * 1024)
  })

  it('ends without a word when whoever reads goes away', async () => {
    await using w = await world()
    await w.put('library/one', ['1'], await makeImage({ seed: 'a', ...LARGE }))
    const { stdout, stderr } = await bash(w, 'waybill save one:1 | head -c 512 | wc -c')
    expect(stdout.trim()).toBe('512')
    expect(stderr).toBe('ended 1 0 0\n')
  })

  it('gives nothing at all where something is missing', async () => {
    await using w = await world()
    await w.put('library/one', ['1'], await makeImage({ seed: 'a' }))
    const { stdout, stderr } = await bash(w, 'waybill save one:1 two:1 | wc -c')
    expect(stdout.trim()).toBe('0')
    expect(stderr).toMatch(/^error: .* has no image two:1\n(?:hint: .*\n)?ended 1 0\n$/)
  })

  it('gives nothing of a blob that is damaged', async () => {
    await using w = await world()
    const image = await makeImage({ seed: 'a' })
    await w.put('library/one', ['1'], image)
    const [blob] = [...image.blobs.keys()].map(digest => digest.slice('sha256:'.length))
    await bash(w, `printf x >> .waybill/store/blobs/sha256/${blob}`)
    const { stdout, stderr } = await bash(w, 'waybill save one:1 | wc -c')
    expect(stdout.trim()).toBe('0')
    expect(stderr).toMatch(/ended 1 0\n$/)
  })

  it('ends at once when it is stopped, though nobody reads', async () => {
    await using w = await world()
    await using sending = await sendingToNobody(w)
    sending.child.kill('SIGTERM')
    expect(await sending.ended).toEqual([143, null])
    expect(await readdir(sending.temporary)).toEqual([])
  })

  it('leaves nothing for long where it was killed: the next one tidies up', async () => {
    await using w = await world()
    await using sending = await sendingToNobody(w)
    sending.child.kill('SIGKILL')
    await sending.ended
    expect(await readdir(sending.temporary)).toEqual([expect.stringMatching(/^waybill-save-/)])
    await bash(w, 'waybill save large:1 -q > piped.tar')
  })

  it('is refused on a terminal, and where results are for stdout too', async () => {
    await using w = await world()
    const stdout = { ...fakeShell().stdout, isTTY: true }
    expect(await w.run('save one:1', { stdout })).toMatchObject({
      code: 64,
      err: `error: stdout is a terminal, and an archive is nothing to read
hint: name a file with -o, or send it on: waybill save mysql:5.7 | ssh host waybill load
`,
    })
    const shell = fakeShell()
    const json = await w.run('save one:1 --output json', { stdout: shell.stdout })
    expect([json.code, shell.out(), shell.sent().length]).toEqual([64, '', 0])
    expect(json.err).toMatch(/^error: --output json and the archive are both for stdout\n/)
  })
})
