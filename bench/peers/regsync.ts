import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { available } from '../../test/live/support/tools.ts'
import { repositoriesOf, type Peer } from './peer.ts'

/** regclient/regclient. */
export const regsync: Peer = {
  name: 'regsync',
  missing: () => (available('regsync') ? undefined : 'regsync is not on PATH'),
  async prepare(job) {
    const { source, destinations, directory } = job
    const file = join(directory, 'regsync.yml')
    const config = {
      version: 1,
      creds: [source, ...destinations].map(registry => ({ registry, tls: 'disabled' })),
      defaults: { parallel: 16 },
      sync: destinations.flatMap(host =>
        [...repositoriesOf(job).keys()].map(repository => ({
          source: `${source}/${repository}`,
          target: `${host}/${repository}`,
          type: 'repository',
        })),
      ),
    }
    await writeFile(file, JSON.stringify(config))
    return { program: 'regsync', args: ['once', '-c', file] }
  },
}
