/** ADD: archives, and what only looks like one. */
import { gzipSync } from 'node:zlib'
import type { ContextFiles } from '../building.ts'
import { tar } from '../embedded/making.ts'
import type { BuildCase } from './case.ts'

const FILE = { uid: 3, gid: 4, mode: 0o600, mtime: 1_000_000_000 }
const ARCHIVE = tar(
  { name: 'top/', mode: 0o711, uid: 3, gid: 4, mtime: 1_000_000_000 },
  { ...FILE, name: 'top/file', text: 'in an archive' },
  // whoever writes archives gives both names the same
  { ...FILE, name: 'top/hard', kind: 'link', target: 'top/file' },
  { name: 'top/soft', kind: 'symlink', target: '/etc/passwd', uid: 3, gid: 4 },
  { name: 'unmentioned/deep/file', text: 'x' },
  { name: 'pipe', kind: 'fifo', mode: 0o622 },
)

const FILES: ContextFiles = {
  'a.tar': { text: ARCHIVE },
  'a.tar.gz': { text: gzipSync(ARCHIVE) },
  'named.txt': { text: ARCHIVE },
  'text.gz': { text: gzipSync('only text') },
  'text.tar': 'no archive at all',
  'empty.tar': { text: Buffer.alloc(1024) },
  'folder/a.tar': { text: ARCHIVE },
  'folder/b': 'b',
}

function adds(name: string, add: string, more: Partial<BuildCase> = {}): BuildCase {
  return { name: `ADD ${name}`, dockerfile: `FROM base\n${add}\n`, files: FILES, ...more }
}

export const ADDS: readonly BuildCase[] = [
  adds('unpacks an archive', 'ADD a.tar /x/'),
  adds('unpacks it without a slash as well', 'ADD a.tar /x'),
  adds('unpacks what is gzipped', 'ADD a.tar.gz /x/'),
  adds('goes by what is in a file, not by its name', 'ADD named.txt text.tar text.gz /x/'),
  adds('leaves an archive in a folder as it is', 'ADD folder /x/'),
  adds('takes several', 'ADD a.tar folder/b /x/'),
  adds('unpacks where a link leads', 'ADD a.tar /lnk/'),
  adds('gives all of it to somebody', 'ADD --chown=app:staff a.tar /x/', {
    notBuildah: 'what is in the archive keeps its owners',
  }),
  adds('unpacks onto what is there', 'COPY folder/b /x/top/file\nADD a.tar /x/'),
  adds('takes an archive of nothing as a file', 'ADD empty.tar /x/'),
  adds('does not unpack if it is told so', 'ADD --unpack=false a.tar /x/', {
    notBuildah: 'it does not know the flag',
  }),
  adds('does what COPY does else', 'ADD --chmod=640 folder/b /y/', {
    notBuildah: 'the folder that is made for it keeps 0755',
  }),
  adds('with --link', 'ADD --link a.tar /x/', { notBuildah: 'it does not know the flag' }),
]
