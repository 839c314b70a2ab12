/** `.dockerignore`, and what is in a context besides files. */
import type { ContextFiles } from '../building.ts'
import type { BuildCase } from './case.ts'

const FILES: ContextFiles = {
  'a.txt': '',
  'b.log': '',
  'dir/a.txt': '',
  'dir/b.log': '',
  'dir/sub/c.log': '',
  'dir/sub/keep.log': '',
  'node_modules/x/index.js': '',
  'node_modules/keep/index.js': '',
  'link.log': { link: 'a.txt' },
  'empty/': {},
}

function ignores(name: string, lines: string, more: Partial<BuildCase> = {}): BuildCase {
  return {
    name: `.dockerignore: ${name}`,
    dockerfile: 'FROM scratch\nCOPY . /\n',
    files: { ...FILES, '.dockerignore': lines },
    ...more,
  }
}

export const IGNORES: readonly BuildCase[] = [
  ignores('files by name', 'a.txt\ndir/b.log\n'),
  ignores('at the top alone', '*.log\n'),
  ignores('at any depth', '**/*.log\n'),
  ignores('exceptions', '**/*.log\n!dir/sub/keep.log\n'),
  ignores('exceptions in folders', 'node_modules\n!node_modules/keep\n'),
  ignores('exceptions of exceptions', '*\n!dir\ndir/sub\n!dir/sub/keep.log\n'),
  ignores('all but one', '*\n!a.txt\n'),
  ignores('all', '**\n'),
  ignores('slashes, spaces and comments', '# comment\n  /a.txt  \ndir/sub/\n\n./b.log\n', {
    notBuildah: 'it keeps the spaces',
  }),
  ignores('classes and question marks', '[a-b].*\ndir/?ub\n'),
  ignores('the Dockerfile itself', 'Dockerfile\n.dockerignore\n'),
  {
    name: '.dockerignore: that of the Dockerfile goes first',
    dockerfile: 'FROM scratch\nCOPY . /\n',
    files: { ...FILES, '.dockerignore': 'a.txt', 'Dockerfile.dockerignore': 'b.log' },
  },
]
