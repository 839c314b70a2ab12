import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { writeImage } from '../../stores/content.ts'
import { openEngineClient } from '../../support/engine-client.ts'
import { openEngineStore } from '../../support/engine-store.ts'
import { describeLive } from './describe-live.ts'
import { startDockerd, whyNoDockerd } from './dockerd.ts'
import { pausingImage, whyNoPausing } from './pausing-image.ts'

/** What runs with the folder in its arguments. */
function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => commandOf(pid))
    .filter(command => command.includes(folder))
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // it ended meanwhile
    return ''
  }
}

describeLive(
  'a dockerd for tests',
  ['dockerd', 'runc'],
  () => {
    it('leaves no process, mount or file behind, though a container runs', async () => {
      let folder = ''
      {
        await using dockerd = await startDockerd()
        folder = dirname(dockerd.socket)
        await using opened = await openEngineStore({ host: dockerd.host })
        await writeImage(opened.store, 'acme/pause', await pausingImage('left'), ['1'])
        using client = openEngineClient(dockerd.socket)
        const body = { Image: 'acme/pause:1', HostConfig: { NetworkMode: 'none' } }
        await client.request('POST', '/containers/create?name=left', body)
        const start = await client.request('POST', '/containers/left/start')
        expect(start).toEqual({ status: 204, body: '' })
        expect(processesOf(folder).length).toBeGreaterThan(2)
      }
      expect(existsSync(folder)).toBe(false)
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(folder)
      expect(processesOf(folder)).toEqual([])
    })
  },
  () => whyNoDockerd() ?? whyNoPausing(),
)
