/** A process of its own for tests: `tag PATH NAME COUNT`; `hold` or `stall PATH` end by a signal. */
import { join } from 'node:path'
import { argv, stdout } from 'node:process'
import { Readable } from 'node:stream'
import { acquireLock } from '../../../src/stores/lock.ts'
import { openLayout } from '../../../src/stores/layout/store.ts'
import { identify } from '../../../src/util/holder.ts'
import { OWNER } from '../../support/owner.ts'
import { imageOf, writeImage } from '../content.ts'

const [, , command, path = '', name = '', count = '0'] = argv

if (command === 'tag') {
  const store = await openLayout({ name: 'local', path, owner: OWNER })
  const tags = Array.from({ length: Number(count) }, (_, index) => `${name}${index}`)
  stdout.write('ready\n')
  await Promise.all(tags.slice(5).map(tag => writeImage(store, 'many/app', imageOf(tag), [tag])))
  for (const tag of tags.slice(0, 5)) await writeImage(store, 'many/app', imageOf(tag), [tag])
} else if (command === 'stall') {
  const store = await openLayout({ name: 'local', path, owner: OWNER })
  const { content } = imageOf('stalled')
  await store.write('app', session =>
    session.put(content, async () => {
      stdout.write('writing\n')
      const never = new Readable({ read: () => {} })
      // nobody else holds on to it
      setInterval(() => never.pause(), 1000)
      return never
    }),
  )
} else {
  const lock = { path: join(path, 'index.json.lock'), store: 'local', self: await identify(OWNER) }
  await using _lock = await acquireLock(lock)
  stdout.write('held\n')
  await new Promise(() => setInterval(() => {}, 1000))
}
