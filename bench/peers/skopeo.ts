import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { available } from '../../test/live/support/tools.ts'
import { repositoriesOf, type Peer } from './peer.ts'

/** Debian's skopeo. Of a repository it keeps the last segment, so all of a job share a prefix. */
export const skopeo: Peer = {
  name: 'skopeo',
  missing: () => (available('skopeo') ? undefined : 'skopeo is not on PATH'),
  async prepare(job) {
    const names = [...repositoriesOf(job).keys()]
    const [prefix, ...others] = new Set(names.map(name => dirname(name)))
    if (prefix === undefined || others.length > 0) throw new Error('no prefix that all share')
    const file = join(job.directory, 'skopeo.yaml')
    const images = Object.fromEntries(names.map(name => [name, []]))
    await writeFile(file, JSON.stringify({ [job.source]: { 'tls-verify': false, images } }))
    const flags = ['--all', '--preserve-digests', '--src', 'yaml', '--dest', 'docker']
    const runs = job.destinations.map(
      host => `skopeo sync ${flags.join(' ')} --dest-tls-verify=false ${file} ${host}/${prefix}`,
    )
    const script = join(job.directory, 'skopeo.sh')
    await writeFile(script, ['set -e', ...runs].join('\n'))
    return { program: 'sh', args: [script] }
  },
}
