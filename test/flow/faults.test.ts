import { expect, it } from 'vitest'
import { runFaults } from '../soak/faults.ts'
import { told } from '../soak/told.ts'

it('a mirror through faults converges, says what is so, and then has nothing to do', async () => {
  const { runs, faults } = await told(init => runFaults({ ...init, tags: 1_000 }))
  expect(runs).toBeLessThanOrEqual(3)
  expect(faults).toBeGreaterThan(30)
})
