import { InputError } from '../errors.ts'

const VARIABLE = 'SOURCE_DATE_EPOCH'
/** The end of the year 9999: no later one can be written. */
const LATEST = 253_402_300_799

/** The time that everything is to have been made at, in seconds, where one is said. */
export function sourceDate(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env[VARIABLE]
  if (text === undefined || text === '') return undefined
  if (/^\d{1,12}$/.test(text) && Number(text) <= LATEST) return Number(text)
  throw new InputError('BAD_ARGUMENT', `${VARIABLE} is no time: ${JSON.stringify(text)}`, {
    hint: `it is a number of seconds since 1970: ${VARIABLE}=$(git log -1 --format=%ct)`,
  })
}
