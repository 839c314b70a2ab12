/** COPY: what is taken, where it goes, and what it becomes there. */
import type { ContextFiles } from '../building.ts'
import type { BuildCase } from './case.ts'

const FILES: ContextFiles = {
  'a.txt': { text: 'a', mode: 0o640 },
  'b.txt': 'b',
  'run.sh': { text: '#!/bin/sh\n', mode: 0o755 },
  'dir/': { mode: 0o700 },
  'dir/one': 'one',
  'dir/sub/two': { text: 'two', mode: 0o711 },
  'dir/sub/deep/three': 'three',
  'dir/sub/': { mode: 0o751 },
  'dir/link': { link: 'sub/two' },
  'dir/out': { link: '/etc/passwd' },
  'dir/same': { sameAs: 'dir/one' },
  'empty/': { mode: 0o1777 },
  'other/a.md': 'md',
  'other/x/b.md': 'md2',
  'other/x/c.txt': 'c',
  link: { link: 'dir' },
  'file-link': { link: 'a.txt' },
  'with space': 'space',
}

const SPECIAL: ContextFiles = {
  's/': { mode: 0o2755 },
  's/setuid': { text: 'x', mode: 0o4711 },
  's/setgid': { text: 'x', mode: 0o2755 },
  's/sticky/': { mode: 0o1777 },
  's/sticky/own': { text: 'x', mode: 0o000 },
}

const NO_FLAG = 'it does not know the flag'

function copies(name: string, copy: string, more: Partial<BuildCase> = {}): BuildCase {
  return { name, dockerfile: `FROM scratch\n${copy}\n`, files: FILES, ...more }
}

function onBase(name: string, copy: string, more: Partial<BuildCase> = {}): BuildCase {
  return { name, dockerfile: `FROM base\n${copy}\n`, files: FILES, ...more }
}

export const COPIES: readonly BuildCase[] = [
  copies('a file into a folder that is not there', 'COPY a.txt /new/'),
  copies('a file under another name', 'COPY a.txt /x/y/z'),
  copies('several files', 'COPY a.txt b.txt run.sh /in/'),
  copies('several files under one name', 'COPY a.txt b.txt /x', {
    notBuildah: 'it takes the name for that of a folder',
  }),
  copies('all of the context', 'COPY . /'),
  copies('a folder, and what is in it', 'COPY dir /dir'),
  copies('a folder into one that is there', 'COPY other /d/\nCOPY dir /d'),
  copies('an empty folder', 'COPY empty /e'),
  copies('one folder after the other', 'COPY dir other empty /all/'),
  copies('by a star', 'COPY *.txt /t/'),
  copies('by a star in a folder', 'COPY other/*/*.md /m/'),
  copies('by a class', 'COPY [ab].txt /t/'),
  copies('by a question mark', 'COPY ?.txt /t/'),
  copies('by a star that matches folders', 'COPY o* d* /all/'),
  copies('what is not matched by anything', 'COPY a.txt nothing* /t/'),
  copies('names with spaces', 'COPY ["with space", "/w/"]'),
  copies('names with brackets', 'COPY [[]x].txt [[]x].txt /w/', {
    files: { '[x].txt': 'brackets' },
    notBuildah: 'it looks for what its own name matches',
  }),
  copies('set-uid, set-gid and sticky', 'COPY . /d/', {
    files: SPECIAL,
    notBuildah: 'it drops set-uid and set-gid',
  }),
  copies('a link in the context, followed', 'COPY link /l/'),
  copies('a link to a file, followed', 'COPY file-link /f'),
  copies('links that are in a folder, kept', 'COPY dir/ /d/'),
  copies('through ..', 'COPY ../../a.txt dir/../b.txt /p/'),
  copies('hard links', 'COPY dir/one dir/same /h/'),
  copies(
    'relative to where one is',
    'WORKDIR /w/x\nCOPY a.txt .\nCOPY b.txt sub/\nCOPY run.sh ./r',
  ),
  copies('onto a file, and again', 'COPY a.txt /x\nCOPY b.txt /x'),
  copies('by variables', 'ARG FROM=dir\nENV TO=/to\nCOPY ${FROM}/one $TO/${FROM:-x}\n'),
  copies('with owner and mode', 'COPY --chown=5:6 --chmod=0751 dir /d', {
    notBuildah: 'the folder that is made for it keeps 0755',
  }),
  copies('with an owner alone', 'COPY --chown=5 a.txt /d/e/'),
  copies('with a symbolic mode', 'COPY --chmod=u=rwX,go=rX dir /d', {
    notBuildah: 'it takes octal modes only',
  }),
  copies('with a mode for links', 'COPY --chmod=600 dir/ /d/', {
    notBuildah: 'the folder that is made for it keeps 0755',
  }),
  copies('with --link', 'COPY a.txt /x\nCOPY --link dir /x2/y/', { notBuildah: NO_FLAG }),
  copies('without some files', 'COPY --exclude=*.md --exclude=x/c.txt other /o', {
    notBuildah: NO_FLAG,
  }),
  copies('without all but some', 'COPY --exclude=* --exclude=!x other /o', {
    notBuildah: NO_FLAG,
  }),
  copies('without what is deep', 'COPY --exclude=**/deep . /o/', { notBuildah: NO_FLAG }),
  copies('with parents', 'COPY --parents dir/sub/two other/x/*.md /p/', { notBuildah: NO_FLAG }),
  copies('with parents from some on', 'COPY --parents dir/./sub/deep other/./x /p/', {
    notBuildah: NO_FLAG,
  }),
  copies('with parents and stars', 'COPY --parents ./**/*.md /p/', { notBuildah: NO_FLAG }),
  copies('a document', 'COPY <<EOF /doc\nhello ${HOME:-nobody}\nEOF', {
    notBuildah: 'it knows no documents',
  }),
  copies(
    'documents with names, tabs and quotes',
    'ARG V=1\nCOPY <<-one <<"two" b.txt /docs/\n\tv $V\none\nv $V "q"\ntwo',
    { notBuildah: 'it knows no documents' },
  ),
  copies('a document with a mode', 'COPY --chmod=700 --chown=3:4 <<run /run\necho\nrun', {
    notBuildah: 'it knows no documents',
  }),

  onBase('into a folder of the base', 'COPY a.txt /real/'),
  onBase('through a link of the base', 'COPY a.txt /lnk/\nCOPY b.txt /abs/x/'),
  onBase('through a link that leads up', 'COPY a.txt /var/run/\nCOPY dir /var/run/d'),
  onBase('onto a link to a file', 'COPY a.txt /file-link', {
    notBuildah: 'it writes the link itself, and not what it leads to',
  }),
  onBase('onto a link to nothing', 'COPY a.txt /dangling', {
    notBuildah: 'it takes the link for a folder',
  }),
  onBase('into a folder that a link to nothing stands for', 'COPY dir /dangling/'),
  onBase('onto one name of two', 'COPY a.txt /one'),
  onBase('where a layer took something away', 'COPY a.txt /real/gone\nCOPY b.txt /opaque/old'),
  onBase('with owners by name', 'COPY --chown=app a.txt /1\nCOPY --chown=app:staff dir /2\n'),
  onBase(
    'with a group alone and a number',
    'COPY --chown=:apps a.txt /1\nCOPY --chown=9 b.txt /2',
    {},
  ),
  onBase('with --link through what is no link there', 'COPY --link a.txt /lnk/', {
    notBuildah: NO_FLAG,
  }),
  onBase('with --link and a mode', 'COPY --link --chmod=600 --chown=app a.txt /lnk/', {
    notBuildah: NO_FLAG,
  }),
  onBase('from an image', 'COPY --from=tools /bin /t/bin\nCOPY --from=tools share/doc/* /doc/'),
  onBase('from an image, its whole tree', 'COPY --from=tools / /tools/'),
  onBase('from an image with a link on the way', 'COPY --from=base /lnk/kept /abs /k/'),
  onBase('from an image to other owners', 'COPY --from=tools --chown=app --chmod=711 / /t/', {
    notBuildah: 'the folder that is made for it keeps 0755',
  }),
]
