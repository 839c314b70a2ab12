/** skopeo as the other reader and writer, over plain HTTP on loopback. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MOST = 16 * 1024 * 1024

/** The manifest's very bytes; `ref` as skopeo writes it: `docker://host/a:1`, `oci:path:name`. */
export async function skopeoRaw(ref: string): Promise<Buffer> {
  const flags = ref.startsWith('docker://') ? ['--tls-verify=false'] : []
  const { stdout } = await run('skopeo', ['inspect', '--raw', ...flags, ref], {
    encoding: 'buffer',
    maxBuffer: MOST,
  })
  return stdout
}

/** `skopeo copy`, every platform and digest as it is; throws with skopeo's words. */
export async function skopeoCopy(
  from: string,
  to: string,
  flags: readonly string[] = [],
): Promise<void> {
  const plain = ['--src-tls-verify=false', '--dest-tls-verify=false']
  await run('skopeo', ['copy', '--all', '--preserve-digests', ...plain, ...flags, from, to])
}
