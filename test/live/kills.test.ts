import { expect, it } from 'vitest'
import { runKills } from '../soak/kills.ts'
import { told } from '../soak/told.ts'
import { runUpdateKills } from '../soak/update-kills.ts'
import { describeLive } from './support/describe-live.ts'

describeLive('a run that is killed', ['docker-registry', 'skopeo'], () => {
  it('leaves nothing half-written at any moment, and the next one finishes and forgets nothing', async () => {
    const { kills } = await told(init => runKills({ ...init, rounds: 10 }))
    expect(kills).toBe(10)
  }, 180_000)

  it('has moved the lock, or not', async () => {
    const { kills } = await told(init => runUpdateKills({ ...init, rounds: 8 }))
    expect(kills).toBe(8)
  }, 120_000)
})
