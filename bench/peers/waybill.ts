import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoriesOf, type Job, type Peer } from './peer.ts'

/** `bin` is the built program: what users run is measured, not the sources. */
export function waybill(bin: string): Peer {
  return {
    name: 'waybill',
    missing: () => (existsSync(bin) ? undefined : `${bin} is not built: npm run build`),
    async prepare(job) {
      const file = join(job.directory, 'images.yaml')
      await writeFile(file, manifest(job))
      return { program: process.execPath, args: [bin, 'reconcile', '-f', file] }
    },
  }
}

/** Every tag is one that never changes. */
function immutable({ name, destinations }: Job): object {
  if (name !== 'immutable') return {}
  const settings = { immutableTags: [{ glob: '*' }] }
  return { registries: Object.fromEntries(destinations.map(host => [host, settings])) }
}

function manifest(job: Job): string {
  const entries = [...repositoriesOf(job)].map(([repository, tags]) => ({
    from: `${job.source}/${repository}`,
    tags,
    to: job.destinations.map(host => `${host}/${repository}`),
  }))
  return JSON.stringify({ version: 1, ...immutable(job), images: entries }, undefined, 2)
}
