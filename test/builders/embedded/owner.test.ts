import { describe, expect, it } from 'vitest'
import { readOwner } from '../../../src/builders/embedded/tree/owner.ts'
import { readImageTree } from '../../../src/builders/embedded/tree/image-tree.ts'
import { layer, scratch, tar, treeOf, type Member } from './making.ts'

const PASSWD = 'root:x:0:0:r:/:/x\nbob:x:1000:1001:b:/:/x\nodd:x:::\n'
const users: Member = { name: 'etc/passwd', text: PASSWD }
const groups: Member = { name: 'etc/group', text: 'root:x:0:\nstaff:x:50:bob\n' }
const image = treeOf(users, groups)

const owner = async (text: string, tree = image) =>
  Object.values(await readOwner(text, await tree, { scratch: await scratch() }))

describe('who owns', () => {
  it.each<[string, [number, number]]>([
    ['bob', [1000, 1001]],
    ['bob:staff', [1000, 50]],
    [':staff', [0, 50]],
    ['7', [7, 7]],
    ['7:', [7, 0]],
    ['7:8', [7, 8]],
    ['7:staff', [7, 50]],
    ['bob:8', [1000, 8]],
    ['root', [0, 0]],
    ['bob:root', [1000, 0]],
    ['odd', [0, 0]],
    ['2147483647', [2_147_483_647, 2_147_483_647]],
    ['+5', [5, 5]],
  ])('%s', async (text, expected) => {
    expect(await owner(text)).toEqual(expected)
  })

  it.each([
    ['eve', 'there is no user "eve": it is not in /etc/passwd of the image'],
    ['bob:eve', 'there is no group "eve": it is not in /etc/group of the image'],
    ['bob:staff:x', 'there is no group "staff:x"'],
    ['-1', 'there is no user "-1"'],
    ['2147483648', 'there is no user "2147483648"'],
    [' ', 'there is no user " "'],
  ])('%j is refused', async (text, message) => {
    await expect(owner(text)).rejects.toThrow(message)
    await expect(owner(text)).rejects.toMatchObject({ code: 'BUILD_FAILED' })
  })

  it('is not known by name without an image', async () => {
    const options = { scratch: await scratch() }
    expect(await readOwner('5:root', undefined, options)).toEqual({ uid: 5, gid: 0 })
    await expect(readOwner('bob', undefined, options)).rejects.toThrow(
      'there is no user "bob": names cannot be looked up with --link',
    )
    await expect(owner('bob', treeOf('x'))).rejects.toThrow('the image has no /etc/passwd')
    await expect(owner('bob', treeOf('etc/passwd/'))).rejects.toThrow('is no file in the image')
  })

  it('is looked up behind links, in the image alone, and where the file is not kept', async () => {
    const linked = treeOf(
      { name: 'etc/passwd', kind: 'symlink', target: '../../../usr/users' },
      { name: 'usr/users', text: PASSWD },
    )
    expect(await owner('bob', linked)).toEqual([1000, 1001])
    const source = layer(tar({ ...users, text: `${PASSWD}#${'x'.repeat(1024 * 1024)}` }))
    expect(await owner('bob', readImageTree([source]))).toEqual([1000, 1001])
    expect(source.reads()).toBe(2)
  })
})
