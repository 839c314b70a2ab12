import { hostname } from 'node:os'
import { pid } from 'node:process'
import type { Owner } from '../../src/util/holder.ts'

/** The process that the test runs in, as one that takes locks. */
export const OWNER: Owner = { pid, host: hostname(), now: () => new Date() }
