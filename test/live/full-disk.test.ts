import { expect, it } from 'vitest'
import { runOutOfSpace, runWithoutRoom } from '../soak/full-disk.ts'
import { told } from '../soak/told.ts'
import { describeLive } from './support/describe-live.ts'
import { whyNoSmallDisk } from './support/small-disk.ts'

describeLive(
  'a disk that is full',
  ['skopeo'],
  () => {
    it('fails a pull in words, and what is there is whole', async () => {
      const [partly, whole] = await told(runOutOfSpace)
      expect(partly).toBeLessThan(whole)
    })

    it('is survived with whatever few pages are left', async () => {
      expect(await told(runWithoutRoom)).toBeGreaterThan(0)
    })
  },
  whyNoSmallDisk,
)
