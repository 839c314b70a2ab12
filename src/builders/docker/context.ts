/**
 * What goes to an engine besides the context. It takes a Dockerfile only as a file in the context,
 * where COPY would find it, unless a `.dockerignore` beside it names it: that much of one is read
 * there. docker's own command sends the same for a Dockerfile that is elsewhere.
 */
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unless } from '../../util/errno.ts'
import type { BuildContext } from '../builder.ts'
import type { ExtraFile } from '../context/tar.ts'

export interface Extra {
  readonly files: readonly ExtraFile[]
  /** What the Dockerfile is called there. */
  readonly dockerfile: string
}

const IGNORE = '.dockerignore'

export async function extraFiles(context: BuildContext, text: string): Promise<Extra> {
  const dockerfile = await freeName(context)
  const own = await ownIgnore(context)
  // one that is part of the image has a line more there, and stays
  const ignore = own === undefined ? [dockerfile, IGNORE] : [own.replace(/\n$/, ''), dockerfile]
  return {
    dockerfile,
    files: [
      { path: IGNORE, bytes: Buffer.from(`${ignore.join('\n')}\n`) },
      { path: dockerfile, bytes: Buffer.from(text) },
    ],
  }
}

/** The same for the same context. */
async function freeName({ folder }: BuildContext): Promise<string> {
  for (let count = 0; ; count++) {
    const name = `.dockerfile.waybill${count === 0 ? '' : `-${count}`}`
    if ((await unless('ENOENT', lstat(join(folder, name)))) === undefined) return name
  }
}

async function ownIgnore({ folder, ignore }: BuildContext): Promise<string | undefined> {
  if (ignore.isIgnored(IGNORE)) return undefined
  const found = await unless('ENOENT', lstat(join(folder, IGNORE)))
  return found?.isFile() ? readFile(join(folder, IGNORE), 'utf8') : undefined
}
