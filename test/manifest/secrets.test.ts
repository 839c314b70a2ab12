/** A password that was written into a manifest is in nothing that is printed. */
import { describe, expect, it } from 'vitest'
import { formatDocumentError } from '../../src/yaml/errors.ts'
import { brief, refusal } from './manifests.ts'

const SECRET = 'hunter2'

function auth(lines: string): string {
  return `version: 1\nregistries:\n  a.b:\n    auth:\n${lines.replace(/^/gm, '      ')}\n`
}

describe('a literal password', () => {
  it('is refused at its key, with what to write instead', async () => {
    const error = await refusal(auth(`username: u\npassword: ${SECRET}`))
    expect(error.issues.map(brief)).toEqual([
      '6:7+8 a password in the manifest is refused | write { env: NAME } or { file: path }, and keep the password out of git',
    ])
    expect(error.issues[0]?.source).toBe('      password: ***')
  })

  it.each([
    ['as text', auth(`username: u\npassword: ${SECRET}`)],
    ['in quotes', auth(`username: u\npassword: "${SECRET}"`)],
    ['as a number', auth('username: u\npassword: 91827364')],
    ['on the next line', auth(`username: u\npassword:\n  ${SECRET}`)],
    ['over several lines', auth(`username: u\npassword: |\n  ${SECRET}\n  ${SECRET}`)],
    [
      'in braces',
      `version: 1\nregistries: { a.b: { auth: { username: u, password: ${SECRET} } } }`,
    ],
    ['in braces over lines', auth(`{ username: u,\npassword:\n${SECRET} }`)],
    ['in a variable', auth(`username: u\npassword: ${SECRET}\${NOPE}`)],
    ['in a list', auth(`username: u\npassword: [${SECRET}]`)],
    ['under another key', auth(`username: u\npassword: { value: ${SECRET} }`)],
    ['under another key below', auth(`username: u\npassword:\n  value: ${SECRET}`)],
    ['as the name of a variable', auth(`username: u\npassword: { env: ${SECRET}! }`)],
    ['as the name of a variable below', auth(`username: u\npassword:\n  env: ${SECRET}!`)],
    ['as a token', auth(`token: ${SECRET}`)],
    ['instead of keys', `version: 1\nregistries: { a.b: { auth: "u:${SECRET}" } }`],
    ['instead of keys below', `version: 1\nregistries:\n  a.b:\n    auth: u:${SECRET}\n`],
    ['beside auth', `version: 1\nregistries:\n  a.b:\n    password: ${SECRET}\n`],
    [
      'in an anchor',
      `version: 1\nx-p: &p\n  password: ${SECRET}\n  username: u\nregistries: { a.b: { auth: *p } }`,
    ],
    ['where the YAML is broken', auth(`username: u\npassword: ${SECRET}: x`)],
    ['where the YAML is broken after it', auth(`username: u\npassword: "${SECRET}" y`)],
    ['where a line below is broken', auth(`username: u\npassword:\n  ${SECRET}: x: y`)],
    ['where it is broken itself', auth(`username: u\npassword:\n  @${SECRET}`)],
    ['where it is broken in braces', auth(`{ username: u,\npassword:\n@${SECRET} }`)],
    ['where a quote is left open', auth(`username: u\npassword: "${SECRET}`)],
  ])('is not shown: %s', async (_, text) => {
    const error = await refusal(text)
    const told = `${error.message}\n${formatDocumentError(error)}\n${JSON.stringify(error)}`
    expect(told).not.toContain(SECRET)
    expect(told).not.toContain('91827364')
  })

  it.each([
    ['password: ${NOPE}', '6:7+8 a password in the manifest is refused'],
    ['password: { env: "${NOPE}" }', "6:24+9 this is not a variable's name"],
  ])('is not expanded: %s', async (line, issue) => {
    const { issues } = await refusal(auth(`username: u\n${line}`))
    expect(issues.map(each => brief(each).split(' | ')[0])).toEqual([issue])
  })

  it('hides nothing else', async () => {
    const error = await refusal(
      auth('username: { env: U, file: x }\npassword: { env: HUB_TOKEN, file: ./token }'),
    )
    expect(error.issues.map(({ source }) => source.trim())).toEqual([
      'username: { env: U, file: x }',
      'password: ***',
    ])
    const other = await refusal('version: 1\nimages: [{ from: acme/token-service:1, form: x }]')
    expect(other.issues[0]?.source).toBe('images: [{ from: acme/token-service:1, form: x }]')
  })
})
