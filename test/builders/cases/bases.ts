/** The images that the cases stand on: small, and with whatever makes copying hard. */
import { AMD64, ARM64, type MadeBase } from '../building.ts'

const ETC = [
  { name: 'etc/' },
  {
    name: 'etc/passwd',
    text: 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n',
  },
  { name: 'etc/group', text: 'root:x:0:\napps:x:1001:app\nstaff:x:50:\n' },
]

export const BASES: Readonly<Record<string, readonly MadeBase[]>> = {
  /** Links, hard links, odd permissions, and things that a layer took away. */
  base: [
    {
      layers: [
        [
          ...ETC,
          { name: 'real/', mode: 0o750, uid: 1000, gid: 1001 },
          { name: 'real/kept', text: 'kept' },
          { name: 'real/gone', text: 'gone' },
          { name: 'lnk', kind: 'symlink', target: 'real' },
          { name: 'abs', kind: 'symlink', target: '/real' },
          { name: 'file-link', kind: 'symlink', target: 'real/kept' },
          { name: 'dangling', kind: 'symlink', target: '/made/later' },
          { name: 'var/run', kind: 'symlink', target: '../run' },
          { name: 'run/', mode: 0o1777 },
          { name: 'one', text: 'linked' },
          { name: 'two', kind: 'link', target: 'one' },
          { name: 'opaque/old', text: 'old' },
          { name: 'setuid', text: 'x', mode: 0o4755 },
        ],
        [
          { name: 'real/.wh.gone' },
          { name: 'opaque/.wh..wh..opq' },
          { name: 'opaque/new', text: 'new' },
        ],
      ],
      config: {
        Env: ['PATH=/opt/bin:/bin', 'HOME=/root', 'LEVEL=base'],
        Cmd: ['/bin/sh'],
        Labels: { of: 'base', kept: 'yes' },
      },
    },
  ],
  /** What containers of it are, is all said. */
  worker: [
    {
      layers: [[...ETC, { name: 'srv/', uid: 1000, gid: 1001 }]],
      author: 'somebody',
      config: {
        User: 'app',
        WorkingDir: '/srv',
        Env: ['A=1'],
        Entrypoint: ['/entry'],
        Cmd: ['arg'],
        ExposedPorts: { '80/tcp': {} },
        Volumes: { '/data': {} },
        StopSignal: 'SIGTERM',
        Labels: { of: 'worker' },
      },
      history: [
        { created: '2020-01-01T00:00:00Z', created_by: 'first', author: 'x', comment: 'y' },
        { created_by: 'none', empty_layer: true },
      ],
    },
  ],
  triggers: [
    {
      layers: [ETC],
      config: {
        Env: ['WHERE=/put-off'],
        OnBuild: ['ARG MODE=0600', 'COPY --chmod=$MODE a.txt $WHERE/', 'ENV TRIGGERED=1'],
      },
    },
  ],
  tools: [
    {
      layers: [
        [
          { name: 'bin/tool', text: '#!/bin/sh', mode: 0o755, uid: 7, gid: 8 },
          { name: 'bin/alias', kind: 'link', target: 'bin/tool', mode: 0o755, uid: 7, gid: 8 },
          { name: 'share/doc/a.md', text: 'a', mtime: 1_000_000 },
          { name: 'share/doc/link', kind: 'symlink', target: '/bin/tool' },
          { name: 'share/', mode: 0o700 },
        ],
      ],
    },
  ],
  /** Another one for each platform. */
  many: [AMD64, ARM64].map(platform => ({
    platform,
    layers: [[{ name: 'arch', text: platform.architecture }]],
    config: { Env: [`ARCH=${platform.architecture}`] },
  })),
  /** Says nothing of how it was made. */
  bare: [{ layers: [['a'], ['b']], history: [] }],
}
