import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openHttp } from '../../src/http/open.ts'
import type { Patience } from '../../src/http/connections.ts'
import { openEngine, type EngineStore, type DockerInit } from '../../src/stores/engine/store.ts'
import { OWNER } from './owner.ts'

export interface OpenedEngine extends AsyncDisposable {
  readonly store: EngineStore
  /** What of images lies in files of ours at the moment. */
  scratchFiles(): Promise<readonly string[]>
}

export interface EngineOptions extends Partial<
  Pick<DockerInit, 'host' | 'tls' | 'env' | 'sockets' | 'name'>
> {
  readonly patience?: Patience
}

/** Our engine store, with connections and a folder of its own. */
export async function openEngineStore({
  patience,
  env = {},
  name = 'engine',
  ...settings
}: EngineOptions): Promise<OpenedEngine> {
  const scratch = await mkdtemp(join(tmpdir(), 'waybill-scratch-'))
  const http = await openHttp({
    userAgent: 'waybill-test',
    env,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    random: () => 0,
    ...(patience && { patience }),
  })
  const store = await openEngine({ name, http, scratch, owner: OWNER, env, ...settings })
  return {
    store,
    scratchFiles: async () =>
      (await readdir(scratch, { recursive: true, withFileTypes: true }))
        .filter(entry => entry.isFile())
        .map(entry => entry.name),
    async [Symbol.asyncDispose]() {
      await store.close()
      await http.close()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
