/**
 * The limit: curl sending the requests that the work needs, and knowing all else beforehand. It
 * does two of the cases: the looks of a no-op, and the pipes of the large image.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MANIFEST_TYPES } from '../../src/oci/media-types.ts'
import { available } from '../../test/live/support/tools.ts'
import type { Command, Job, Peer, Wish } from './peer.ts'

export const curl: Peer = {
  name: 'curl',
  missing: () => (available('curl') ? undefined : 'curl is not on PATH'),
  async prepare(job) {
    if (job.name === 'noop') return looks(job)
    if (job.name === 'large') return pipes(job)
    return undefined
  },
}

async function looks(job: Job): Promise<Command> {
  const urls = [job.source, ...job.destinations].flatMap(host =>
    job.wishes.flatMap(({ repository, tag }) => [
      `url = "http://${host}/v2/${repository}/manifests/${tag}"`,
      'output = "/dev/null"',
    ]),
  )
  const file = join(job.directory, 'curl.config')
  const head = ['head', 'silent', 'fail', `header = "accept: ${MANIFEST_TYPES.join(', ')}"`]
  await writeFile(file, [...head, ...urls].join('\n'))
  return { program: 'curl', args: ['-Z', '--parallel', '-K', file] }
}

async function pipes(job: Job): Promise<Command> {
  const [wish] = job.wishes
  const [to] = job.destinations
  if (!wish || to === undefined) throw new Error('the large case has no image')
  const file = join(job.directory, 'pipes.sh')
  await writeFile(join(job.directory, 'manifest.json'), wish.image.manifest.bytes)
  await writeFile(file, script(job, wish, to))
  return { program: 'bash', args: [file] }
}

function script({ source, directory }: Job, { repository, tag, image }: Wish, to: string): string {
  const large = [...image.large.keys()]
  return `set -euo pipefail
octets='content-type: application/octet-stream'
pipe() {
  location=$(curl -sf -X POST -D - -o /dev/null 'http://${to}/v2/${repository}/blobs/uploads/' |
    tr -d '\\r' | sed -n 's/^[Ll]ocation: //p')
  curl -sf "http://${source}/v2/${repository}/blobs/$1" |
    curl -sf -H "$octets" -H 'expect:' -T - -o /dev/null "$location&digest=$1"
}
running=()
${large.map(digest => `pipe ${digest} & running+=($!)`).join('\n')}
${[...image.blobs.keys()].map(digest => `pipe ${digest}`).join('\n')}
for job in "\${running[@]}"; do wait "$job"; done
curl -sf -X PUT -H 'content-type: ${image.manifest.mediaType}' -o /dev/null \\
  --data-binary @'${directory}/manifest.json' 'http://${to}/v2/${repository}/manifests/${tag}'
`
}
