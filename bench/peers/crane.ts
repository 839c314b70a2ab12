import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { available } from '../../test/live/support/tools.ts'
import { repositoriesOf, type Peer } from './peer.ts'

/** google/go-containerregistry: one run per repository, one after the other. */
export const crane: Peer = {
  name: 'crane',
  missing: () => (available('crane') ? undefined : 'crane is not on PATH'),
  async prepare(job) {
    const file = join(job.directory, 'crane.sh')
    const runs = job.destinations.flatMap(host =>
      [...repositoriesOf(job).keys()].map(
        repository =>
          `crane copy --insecure -a -j 16 ${job.source}/${repository} ${host}/${repository}`,
      ),
    )
    await writeFile(file, ['set -e', ...runs].join('\n'))
    return { program: 'sh', args: [file] }
  },
}
