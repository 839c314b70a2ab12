import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkLockBelongs, filesFor } from '../../src/lock/belongs.ts'
import { lockPathFor } from '../../src/lock/path.ts'

const at = (cwd: string, lockPath: string, ...files: string[]) => filesFor({ cwd, lockPath, files })

describe('the lock of', () => {
  it.each([
    ['images.yaml', 'images.lock.yaml'],
    ['images.yml', 'images.lock.yaml'],
    ['./images.yaml', './images.lock.yaml'],
    ['deep/images.yaml', 'deep/images.lock.yaml'],
    ['/etc/images.yaml', '/etc/images.lock.yaml'],
    ['images.d', 'images.d.lock.yaml'],
    ['images.d/', 'images.d.lock.yaml'],
    ['deep/images.d//', 'deep/images.d.lock.yaml'],
    ['.hidden', '.hidden.lock.yaml'],
    ['manifest', 'manifest.lock.yaml'],
    ['.', '../project.lock.yaml'],
    ['./', '../project.lock.yaml'],
    ['..', '../../home.lock.yaml'],
    ['deep/..', '../project.lock.yaml'],
    ['deep/.', 'deep.lock.yaml'],
  ])('%s is %s', (file, path) => {
    expect(lockPathFor(file, '/home/project')).toBe(path)
  })

  it.each(['/', '.', '../..'])('%s is nowhere, where that is the root', file => {
    expect(() => lockPathFor(file, '/')).toThrow(
      expect.objectContaining({
        code: 'BAD_ARGUMENT',
        message: `there is nothing beside ${file}, where its lock would be`,
        hint: 'say where it is with --lock PATH',
      }),
    )
  })
})

describe('files are recorded', () => {
  it('as seen from the lock, wherever they are named from', () => {
    const recorded = ['images.d', 'images.yaml']
    expect(at('/p', 'images.lock.yaml', 'images.yaml', 'images.d/')).toEqual(recorded)
    expect(at('/', 'p/images.lock.yaml', './p/images.yaml', 'p/images.d')).toEqual(recorded)
    expect(at('/q/r', '../../p/images.lock.yaml', '/p/images.yaml', '../../p/images.d')).toEqual(
      recorded,
    )
  })

  it('outside of its folder, and the folder itself', () => {
    expect(at('/p', 'state/x.lock.yaml', 'images.yaml')).toEqual(['../images.yaml'])
    expect(at('/p', 'x.lock.yaml', '.')).toEqual(['.'])
  })

  it('each once and in order', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z.]{1,3}$/)), files => {
        const recorded = at('/p/q', 'x.lock.yaml', ...files)
        expect(at('/p/q', 'x.lock.yaml', ...files.toReversed(), ...files)).toEqual(recorded)
      }),
    )
  })
})

describe('a lock', () => {
  const run = { cwd: '/p', lockPath: 'images.lock.yaml', files: ['images.yaml'] }

  it.each([
    [{ files: ['images.yaml'] }, run],
    [
      { name: 'a', files: ['images.yaml'] },
      { ...run, name: 'a' },
    ],
    [{ files: ['a.yaml', 'images.yaml'] }, { ...run, files: ['images.yaml', './a.yaml'] }],
    [{ files: ['images.yaml', 'a.yaml'] }, { ...run, files: ['images.yaml', './a.yaml'] }],
    [
      { files: ['images.yaml'] },
      { cwd: '/', lockPath: 'p/images.lock.yaml', files: ['p/images.yaml'] },
    ],
  ])('%j belongs to %j', (lock, manifests) => {
    expect(() => checkLockBelongs(lock, manifests)).not.toThrow()
  })

  it.each([
    [
      { files: ['a.yaml', 'images.yaml'] },
      run,
      'it has "a.yaml", which this run has not',
      '"files"',
    ],
    [
      { files: ['images.yaml'] },
      { ...run, files: ['images.yaml', 'b.yaml', 'a.yaml'] },
      'this run has "a.yaml" and "b.yaml", which it has not',
      '"files"',
    ],
    [
      { name: 'a', files: ['old.yaml'] },
      { ...run, name: 'b' },
      'it has "old.yaml", which this run has not; this run has "images.yaml", which it has not; its name is "a", and this run\'s is "b"',
      '"files" and "name"',
    ],
    [
      { name: 'a', files: ['images.yaml'] },
      run,
      'its name is "a", and this run\'s is not given',
      '"name"',
    ],
    [
      { files: ['images.yaml'] },
      { ...run, name: 'b' },
      'its name is not given, and this run\'s is "b"',
      '"name"',
    ],
    [
      { files: ['images.yaml', ...Array.from({ length: 11 }, (_, index) => `${index}.yaml`)] },
      run,
      'it has "0.yaml", "1.yaml", "2.yaml", "3.yaml", "4.yaml", "5.yaml", "6.yaml", "7.yaml", "8.yaml" and 2 more, which this run has not',
      '"files"',
    ],
  ])('%j does not belong to %j', (lock, manifests, differences, keys) => {
    expect(() => checkLockBelongs(lock, manifests)).toThrow(
      expect.objectContaining({
        code: 'LOCK_FOREIGN',
        message: `images.lock.yaml is of other manifests: ${differences}`,
        hint: `give the same -f as before, or another --lock; after a rename, edit ${keys} in it`,
      }),
    )
  })
})
