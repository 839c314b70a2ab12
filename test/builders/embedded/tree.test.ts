import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Leaf } from '../../../src/builders/embedded/tree/node.ts'
import { resolvePath } from '../../../src/builders/embedded/tree/resolve.ts'
import { createTree, type Tree } from '../../../src/builders/embedded/tree/tree.ts'
import { listing, treeOf } from './making.ts'

const file = (text: string): Leaf => {
  const content = { kind: 'inline', bytes: Buffer.from(text) } as const
  return { kind: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: text.length, content }
}
const folder = (mode = 0o755) => ({ mode, uid: 0, gid: 0, mtime: 0 })

type Change = { readonly path: string; readonly what: 'file' | 'folder' | 'remove' }

/** The same with a map of paths. */
function changeMap(map: Map<string, string>, { path, what }: Change, text: string): void {
  const inside = (other: string): boolean => other.startsWith(`${path}/`)
  if (what === 'folder' && map.get(path)?.startsWith('d')) {
    map.set(path, `d${text}`)
    return
  }
  for (const other of map.keys()) if (other === path || inside(other)) map.delete(other)
  if (what === 'file') map.set(path, `-${text}`)
  if (what === 'folder') map.set(path, `d${text}`)
}

function change(tree: Tree, { path, what }: Change, mode: number): void {
  if (what === 'file') tree.put(path, { ...file(''), mode })
  if (what === 'folder') tree.putFolder(path, folder(mode))
  if (what === 'remove') tree.remove(path)
}

const isThere = (map: ReadonlyMap<string, string>, path: string): boolean => {
  const parent = path.slice(0, path.lastIndexOf('/'))
  return parent === '' || map.get(parent)?.startsWith('d') === true
}

const asMap = (tree: Tree): ReadonlyMap<string, string> =>
  new Map(
    listing(tree.root).map(line => {
      const [, kind, mode, path] = /^(.)(\d+) \S+ (\S*?)\/?(?: = )?$/.exec(line) ?? []
      return [path ?? '', `${kind}${mode}`]
    }),
  )

it('is what a map of paths is, and so is each fork, whichever changes', () => {
  const path = fc.stringMatching(/^(?:\/[abc]){1,3}$/)
  const what = fc.constantFrom<Change['what']>('file', 'folder', 'folder', 'remove')
  const step = fc.record({ path, what, at: fc.nat(3), forks: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const all = [{ tree: createTree(), map: new Map<string, string>() }]
      for (const [number, { at, forks, ...one }] of steps.entries()) {
        const chosen = all[at % all.length]!
        if (forks) all.push({ tree: chosen.tree.fork(), map: new Map(chosen.map) })
        if (!isThere(chosen.map, one.path)) continue
        change(chosen.tree, one, number)
        changeMap(chosen.map, one, number.toString(8))
      }
      for (const { tree, map } of all) {
        expect(Object.fromEntries(asMap(tree))).toEqual(Object.fromEntries(map))
      }
    }),
    { numRuns: 300 },
  )
})

describe('what a tree notes', () => {
  it('is what was put since, and the folders that are no longer there', async () => {
    const tree = await treeOf('a/', 'a/b')
    const first = tree.watch()
    tree.put('/c', file(''))
    const changes = tree.watch()
    tree.put('/a', file(''))
    tree.putFolder('/a', folder())
    tree.putFolder('/d', folder())
    expect([...first.put]).toEqual(['/c'])
    expect([...changes.put]).toEqual(['/a', '/d'])
    expect([...changes.emptied]).toEqual(['/a'])
  })
})

describe('a path in a tree', () => {
  const tree = treeOf(
    'a/b/',
    'a/f',
    { name: 'up', kind: 'symlink', target: '../../../a' },
    { name: 'a/abs', kind: 'symlink', target: '/a/b/..' },
    { name: 'a/b/rel', kind: 'symlink', target: '../f' },
    { name: 'dang', kind: 'symlink', target: 'no/where' },
    { name: 'one', kind: 'symlink', target: 'two' },
    { name: 'two', kind: 'symlink', target: '/one/x' },
  )

  it.each([
    ['/', '/', 'folder'],
    ['/../..', '/', 'folder'],
    ['a//./b/', '/a/b', 'folder'],
    ['/up/f', '/a/f', 'file'],
    ['/up/../up/b', '/a/b', 'folder'],
    ['/a/abs/abs/f', '/a/f', 'file'],
    ['/a/b/rel', '/a/f', 'file'],
    ['/dang/../x', '/no/x', undefined],
    ['/dang', '/no/where', undefined],
    ['/a/f/', '/a/f', 'file'],
    ['/new/x', '/new/x', undefined],
  ])('%s is %s', async (path, expected, kind) => {
    const found = resolvePath((await tree).root, path)
    expect([found.path, found.node?.kind]).toEqual([expected, kind])
  })

  it('may end in a link that is meant itself', async () => {
    const { root } = await tree
    expect(resolvePath(root, '/up', { last: false }).path).toBe('/up')
    expect(resolvePath(root, '/up/abs/', { last: false }).path).toBe('/a/abs')
  })

  it('through a file or in a circle is refused', async () => {
    const { root } = await tree
    expect(() => resolvePath(root, '/a/f/x')).toThrow('/a/f is no folder, so x is not in it')
    expect(() => resolvePath(root, '/one')).toThrow('/one: too many links')
  })

  it('may have 255 links, and not one more', async () => {
    const chain = (length: number) =>
      treeOf(
        'end',
        ...Array.from({ length }, (_, at) => ({
          name: `l${at}`,
          kind: 'symlink' as const,
          target: at + 1 === length ? 'end' : `l${at + 1}`,
        })),
      )
    expect(resolvePath((await chain(255)).root, '/l0').path).toBe('/end')
    const longer = await chain(256)
    expect(() => resolvePath(longer.root, '/l0')).toThrow('too many links')
  })

  it('never comes to a link, or out of the tree', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const target = fc.stringMatching(/^\/?(?:[abc]|\.\.)(?:\/(?:[abc]|\.\.)){0,3}$/)
    const links = fc.dictionary(name, target)
    fc.assert(
      fc.property(links, target, (links, path) => {
        const tree = createTree()
        for (const [name, target] of Object.entries(links)) {
          tree.put(`/${name}`, { kind: 'symlink', target, ...folder(0o777) })
        }
        const found = resolvedOrNot(tree, path)
        expect(found?.path ?? '/').toMatch(/^\/(?:[abc](?:\/[abc])*)?$/)
        expect(found?.node?.kind).not.toBe('symlink')
        expect(found && tree.at(found.path)).toBe(found?.node)
      }),
      { numRuns: 500 },
    )
  })
})

/** Circles lead nowhere. */
function resolvedOrNot(tree: Tree, path: string): ReturnType<typeof resolvePath> | undefined {
  try {
    return resolvePath(tree.root, path)
  } catch (error) {
    if (String(error).includes('too many links')) return undefined
    throw error
  }
}
