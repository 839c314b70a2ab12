import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { available } from '../../test/live/support/tools.ts'
import { repositoriesOf, type Peer } from './peer.ts'

/** clowdhaus/ocync. It keeps a cache beside its file, so in the job's own directory. */
export const ocync: Peer = {
  name: 'ocync',
  missing: () => (available('ocync') ? undefined : 'ocync is not on PATH'),
  async prepare(job) {
    const file = join(job.directory, 'ocync.yaml')
    const targets = job.destinations.map((_, index) => `to${index}`)
    const registry = (host: string) => ({
      url: `http://${host}`,
      auth_type: 'static_token',
      token: 'x',
    })
    const config = {
      registries: {
        from: registry(job.source),
        ...Object.fromEntries(
          job.destinations.map((host, index) => [`to${index}`, registry(host)]),
        ),
      },
      defaults: { source: 'from', targets, tags: { glob: '*' }, artifacts: { enabled: false } },
      mappings: [...repositoriesOf(job).keys()].map(name => ({ from: name, to: name })),
    }
    await writeFile(file, JSON.stringify(config))
    return { program: 'ocync', args: ['sync', '-c', file] }
  },
}
