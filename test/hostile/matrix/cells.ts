/** What the matrix is made of: faults, the requests that they befall, and what has to happen. */
import type { ErrorCode } from '../../../src/errors.ts'

export const FAULTS = [
  'reset',
  'truncation',
  'wrong bytes',
  'stall',
  'stall in the body',
  '429 with seconds',
  '429 with a date',
  '500',
  '503',
  'expired token',
  'redirect to another host',
  'cross-site Location',
  'cross-site Link',
  'cross-site realm',
  'endless body',
  'endless paging',
  'digest header that is none',
  'digest header of something else',
  'missing digest header',
  'ambiguous manifest',
] as const

export const REQUESTS = [
  'manifest HEAD',
  'manifest GET',
  'small blob GET',
  'large blob GET',
  'tags list',
  'token GET',
  'token POST',
  'upload POST',
  'upload POST with the blob',
  'upload PATCH',
  'upload PUT',
  'upload PUT of a stream',
  'upload PUT that closes',
  'manifest PUT',
] as const

export type FaultName = (typeof FAULTS)[number]
export type RequestName = (typeof REQUESTS)[number]

/** The fault comes once, or every time. */
export const TIMES = ['once', 'always'] as const
export type Times = (typeof TIMES)[number]

export type Expected =
  /** The right bytes, after at most so many requests of the kind. */
  | { readonly kind: 'recovers'; readonly requests: number; readonly copied: boolean }
  | {
      readonly kind: 'fails'
      readonly code: ErrorCode
      readonly message: RegExp
      readonly requests: number
      readonly copied: boolean
    }
  | { readonly kind: 'n/a'; readonly why: string }

export type Pair = Readonly<Record<Times, Expected>>
export type Table = Readonly<Record<FaultName, Pair>>

export function recovers(requests: number): Expected {
  return { kind: 'recovers', requests, copied: false }
}

export function fails(code: ErrorCode, message: RegExp, requests = 1): Expected {
  return { kind: 'fails', code, message, requests, copied: false }
}

export function pair(once: Expected, always: Expected = once): Pair {
  return { once, always }
}

export function none(why: string): Pair {
  return pair({ kind: 'n/a', why })
}

/** It is for who copies an image to try again, where one request alone cannot be sent anew. */
export function copied(expected: Expected): Expected {
  return expected.kind === 'n/a' ? expected : { ...expected, copied: true }
}
