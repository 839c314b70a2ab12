/**
 * A file system of so many bytes, for seeing what happens when it is full. It is mounted where
 * only programs run `within` it see it, and is gone with the process that keeps it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'

export interface SmallDisk extends AsyncDisposable {
  /** Its root, for who looks from outside. */
  readonly path: string
  /** What to put before a command; it then runs in the folder, with the disk at `disk`. */
  readonly within: readonly string[]
  resize(bytes: number): Promise<void>
}

/** Why there can be none here; `undefined` where there can. */
export function whyNoSmallDisk(): string | undefined {
  const { status, error, stderr } = spawnSync(
    'unshare',
    ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt && command -v nsenter'],
    { encoding: 'utf8' },
  )
  if (status === 0) return undefined
  return `no file system can be mounted: ${(error?.message ?? stderr.trim()) || 'no nsenter'}`
}

/** Mounts one as `disk` in `folder`. */
export async function mountSmallDisk(folder: string, bytes: number): Promise<SmallDisk> {
  await mkdir(join(folder, 'disk'))
  const mount = `mount -t tmpfs -o size=${bytes} none disk && echo mounted && exec cat`
  const keeper = spawn('unshare', ['--mount', 'sh', '-c', mount], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(keeper, 'exit')
  await Promise.race([once(keeper.stdout, 'data'), ended])
  if (keeper.exitCode !== null || keeper.pid === undefined) throw new Error('cannot mount a disk')
  const target = ['--mount', '--wd', '--target', String(keeper.pid), '--']
  return {
    path: `/proc/${keeper.pid}/cwd/disk`,
    within: ['nsenter', ...target],
    async resize(bytes) {
      const remount = ['mount', '-o', `remount,size=${bytes}`, 'disk']
      const child = spawn('nsenter', [...target, ...remount], { stdio: 'inherit' })
      const [code]: unknown[] = await once(child, 'exit')
      if (code !== 0) throw new Error('cannot resize the disk')
    },
    async [Symbol.asyncDispose]() {
      // without anybody in it the namespace goes, and the disk with it
      keeper.stdin.end()
      await ended
    },
  }
}
