import { describe, expect, it } from 'vitest'
import { parseRuntimeConfig, formatRuntimeConfig } from '../../src/dockerfile/runtime-config.ts'
import { built, config, history } from './building.ts'
import { refusals } from './reading.ts'

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const windows = { os: 'windows', architecture: 'amd64' }

/** What a stage of these instructions says, but for what all say. */
function said(text: string, init = {}): Readonly<Record<string, unknown>> {
  const { Env, WorkingDir, ...rest } = config(`FROM scratch\n${text}`, init)
  const env = (Env as readonly string[]).filter(one => one !== PATH)
  return {
    ...(env.length > 0 && { Env: env }),
    ...(WorkingDir !== '/' && { WorkingDir }),
    ...rest,
  }
}

describe('the configuration', () => {
  it.each([
    ['ENV A=b C="d e"', { Env: ['A=b', 'C=d e'] }],
    ['ENV A=b\nENV A=c B=$A', { Env: ['A=c', 'B=b'] }],
    ['ENV A b c', { Env: ['A=b c'] }],
    ['ENV A=x\nENV $A=y', { Env: ['A=x', 'x=y'] }],
    ['LABEL a=b\nLABEL b="$X" a=c', { Labels: { a: 'c', b: '' } }],
    ['CMD a b', { Cmd: ['/bin/sh', '-c', 'a b'], ArgsEscaped: true }],
    ['CMD ["a", "$X"]', { Cmd: ['a', '$X'], ArgsEscaped: true }],
    ['CMD []', { ArgsEscaped: true }],
    ['ENTRYPOINT a', { Entrypoint: ['/bin/sh', '-c', 'a'] }],
    ['ENTRYPOINT []', {}],
    ['SHELL ["x", "y"]\nCMD a', { Shell: ['x', 'y'], Cmd: ['x', 'y', 'a'], ArgsEscaped: true }],
    ['WORKDIR /a\nWORKDIR b/../c', { WorkingDir: '/a/c' }],
    ['WORKDIR a', { WorkingDir: '/a' }],
    ['WORKDIR /a/../b/', { WorkingDir: '/a/../b/' }],
    ['WORKDIR /a\nWORKDIR ..', {}],
    ['ARG A=/x\nWORKDIR $A/y', { WorkingDir: '/x/y' }],
    ['USER a\nUSER ${U:-b}', { User: 'b' }],
    ['EXPOSE 80 53/UDP', { ExposedPorts: { '53/udp': {}, '80/tcp': {} } }],
    ['EXPOSE 8-9', { ExposedPorts: { '8/tcp': {}, '9/tcp': {} } }],
    ['ARG P="1 2/udp"\nEXPOSE $P', { ExposedPorts: { '1/tcp': {}, '2/udp': {} } }],
    [
      'EXPOSE 127.0.0.1:1:2 [::1]:3:4 5-6:7-8 +9',
      { ExposedPorts: { '2/tcp': {}, '4/tcp': {}, '7/tcp': {}, '8/tcp': {}, '9/tcp': {} } },
    ],
    ['EXPOSE 1-2:3', { ExposedPorts: { '3/tcp': {} } }],
    ['VOLUME /b /a', { Volumes: { '/a': {}, '/b': {} } }],
    ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }],
    ['STOPSIGNAL SIGRTMIN+3', { StopSignal: 'SIGRTMIN+3' }],
    ['STOPSIGNAL 9', { StopSignal: '9' }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    [
      'HEALTHCHECK --interval=1s --retries=2 CMD a',
      { Healthcheck: { Test: ['CMD-SHELL', 'a'], Interval: 1e9, Retries: 2 } },
    ],
    ['ONBUILD USER $X', { OnBuild: ['USER $X'] }],
  ])('%j', (text, expected) => {
    expect(said(text)).toEqual(expected)
  })

  it('names who maintains the image', () => {
    expect(built('FROM scratch\nMAINTAINER $A b').author).toBe('$A b')
  })

  it('is another on Windows', () => {
    expect(config('FROM scratch\nCMD a', { platform: windows })).toEqual({
      Cmd: ['cmd', '/S', '/C', 'a'],
      ArgsEscaped: true,
      WorkingDir: '/',
    })
  })

  it.each([
    ['EXPOSE 65536', '2:8 "65536" is no port'],
    ['EXPOSE 9-8', '2:8 the range 9-8 goes backwards'],
    ['EXPOSE 80/x', '2:8 "x" is no protocol'],
    ['EXPOSE /tcp', '2:8 "" is no port'],
    ['EXPOSE 1-2:3-5', '2:8 two ranges of different length'],
    ['EXPOSE 1.2.3:4:5', '2:8 "1.2.3" is no IP address'],
    ['STOPSIGNAL 0', '2:12 "0" is no signal'],
    ['STOPSIGNAL SIGFOO', '2:12 "SIGFOO" is no signal'],
    ['VOLUME $U', '2:8 "$U" comes to nothing'],
    ['USER a ${U:?set it}', '2:8 U: set it'],
  ])('%j is refused', (text, refusal) => {
    expect(refusals(() => built(`FROM scratch\n${text}`))).toEqual([refusal])
  })
})

describe('on a base', () => {
  const base = parseRuntimeConfig({
    Env: ['PATH=/p', 'A=base'],
    Entrypoint: ['e'],
    Cmd: ['c'],
    User: 'u',
    WorkingDir: '/w',
    Labels: { a: 'b' },
    ExposedPorts: { '1/tcp': {} },
    Volumes: { '/v': {} },
    StopSignal: 'SIGINT',
    Shell: ['s'],
    OnBuild: ['LABEL from=$A'],
    Healthcheck: { Test: ['CMD', 'x'], Interval: 5 },
  })
  const images = { base }

  it('all stays but what it puts off, which is done', () => {
    expect(config('FROM base', { images })).toEqual({
      ...formatRuntimeConfig({ ...base, onbuild: [] }),
      Labels: { a: 'b', from: 'base' },
    })
    expect(history('FROM base\nUSER x', { images })).toEqual(['LABEL from=base', 'USER x'])
  })

  it.each([
    ['ENTRYPOINT ["x"]', { Entrypoint: ['x'] }],
    ['CMD ["y"]', { Entrypoint: ['e'], Cmd: ['y'] }],
    ['CMD ["y"]\nENTRYPOINT ["x"]', { Entrypoint: ['x'], Cmd: ['y'] }],
    ['ENTRYPOINT ["x"]\nCMD ["y"]', { Entrypoint: ['x'], Cmd: ['y'] }],
    ['CMD ["y"]\nFROM one\nENTRYPOINT ["x"]', { Entrypoint: ['x'] }],
  ])('ENTRYPOINT takes a CMD away that the stage did not say: %j', (text, expected) => {
    const { Entrypoint, Cmd } = config(`FROM base AS one\n${text}`, { images })
    expect({
      ...(Entrypoint !== undefined && { Entrypoint }),
      ...(Cmd !== undefined && { Cmd }),
    }).toEqual(expected)
  })

  it('that lacks PATH it is added, but on Windows', () => {
    const bare = { images: { bare: { env: ['A=b'] } } }
    expect(config('FROM bare', bare)).toEqual({ Env: ['A=b', PATH] })
    expect(config('FROM bare', { ...bare, platform: windows })).toEqual({ Env: ['A=b'] })
  })

  it('of the same file the history goes on, and what it puts off is done', () => {
    const text = 'FROM scratch AS a\nENV A=1\nONBUILD ENV B=$A\nFROM a\nUSER x'
    expect(history(text)).toEqual(['ENV A=1', 'ENV B=1', 'USER x'])
    expect(config(text)['OnBuild']).toBeUndefined()
  })
})

describe('ARG', () => {
  const user = (text: string, args = {}) => config(text, { args })['User']

  it.each([
    ['is not seen without being declared', 'ARG G=1\nFROM scratch\nUSER x$G', {}, 'x'],
    ['takes what is declared above', 'ARG G=1\nFROM scratch\nARG G\nUSER x$G', {}, 'x1'],
    ['has its own default', 'ARG G=1\nFROM scratch\nARG G=2\nUSER x$G', {}, 'x2'],
    ['takes what is given', 'FROM scratch\nARG G=2\nUSER x$G', { G: '3' }, 'x3'],
    ['takes what is given, above all', 'ARG G=1\nFROM scratch\nARG G\nUSER x$G', { G: '3' }, 'x3'],
    ['may be given nothing', 'FROM scratch\nARG G=2\nUSER x$G', { G: '' }, 'x'],
    ['is not set without anything', 'FROM scratch\nARG G\nUSER ${G-no}', {}, 'no'],
    ['sees those before it', 'FROM scratch\nARG A=1 B=$A$A\nUSER x$B', {}, 'x11'],
    ['goes with the stage', 'FROM scratch\nARG A=1\nFROM scratch\nUSER x$A', {}, 'x'],
    ['stays for stages on the stage', 'FROM scratch AS a\nARG A=1\nFROM a\nUSER x$A', {}, 'x1'],
    ['gives way to a later ENV', 'FROM scratch\nARG A=1\nENV A=2\nUSER x$A', {}, 'x2'],
    ['takes the place of an earlier ENV', 'FROM scratch\nENV A=2\nARG A=1\nUSER x$A', {}, 'x1'],
    ['tells of the platform', 'FROM scratch\nARG TARGETARCH\nUSER x$TARGETARCH', {}, 'xamd64'],
    ['of the platform is not seen undeclared', 'FROM scratch\nUSER x$TARGETARCH', {}, 'x'],
    ['that is given must be declared', 'FROM scratch\nUSER x$A', { A: '1' }, 'x'],
  ])('%s', (_, text, args, expected) => {
    expect(user(text, args)).toBe(expected)
  })

  it('is no part of the image', () => {
    expect(config('FROM scratch\nARG A=1')['Env']).toEqual([PATH])
  })
})

describe('the history', () => {
  it.each([
    ['ENV A=b C="d  e"', 'ENV A=b C=d  e'],
    ['ENV A b', 'ENV A=b'],
    ['LABEL a=$U', 'LABEL a='],
    ['ARG A B=2', 'ARG A B=2'],
    ['CMD a "b"', 'CMD ["/bin/sh" "-c" "a \\"b\\""]'],
    ['CMD ["é\\n\\u0007\\u2028\\\\😀"]', 'CMD ["é\\n\\a\\u2028\\\\😀"]'],
    ['CMD []', 'CMD []'],
    ['ENTRYPOINT ["a", "b"]', 'ENTRYPOINT ["a" "b"]'],
    ['SHELL ["a", "b c"]', 'SHELL [a b c]'],
    ['WORKDIR a', '*WORKDIR /a'],
    ['WORKDIR /', 'WORKDIR /'],
    ['USER a', 'USER a'],
    ['EXPOSE 9 80/udp 10-11', 'EXPOSE [10/tcp 11/tcp 80/udp 9/tcp]'],
    ['VOLUME /b /a', 'VOLUME [/b /a]'],
    ['STOPSIGNAL TERM', 'STOPSIGNAL TERM'],
    ['MAINTAINER a b', 'MAINTAINER a b'],
    [
      'HEALTHCHECK NONE',
      'HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}',
    ],
    [
      'HEALTHCHECK --interval=1h2m3.5s --timeout=1m --start-period=1500us --start-interval=2ms --retries=3 CMD a b',
      'HEALTHCHECK {Test:[CMD-SHELL a b] Interval:1h2m3.5s Timeout:1m0s StartPeriod:1.5ms StartInterval:2ms Retries:3}',
    ],
    ['COPY a $U b c/', '*COPY a  b c/ # buildkit'],
    [
      'COPY --from=scratch --chown=1:2 --chmod=644 --link --parents a b',
      '*COPY --parents --chown=1:2 --chmod=644 a b # buildkit',
    ],
    ['ADD a b', '*ADD a b # buildkit'],
    ['ADD <<EOF <<B x /\nEOF\nB', '*ADD x <<EOF <<B / # buildkit'],
  ])('of %j', (text, step) => {
    expect(history(`FROM scratch\n${text}`)).toEqual([step])
  })

  it('has nothing of what is put off', () => {
    expect(history('FROM scratch\nONBUILD USER a')).toEqual([])
  })
})

describe('limits', () => {
  const doubled = (times: number) => `FROM scratch\nENV A=xxxxxxxx\n${'ENV A=$A$A\n'.repeat(times)}`

  it('of what variables grow to', () => {
    expect(history(doubled(10))).toHaveLength(11)
    expect(refusals(() => built(doubled(30)))[0]).toMatch(/^20:7 the text becomes too long$/)
  })

  it('of the history', () => {
    const text = (lines: number) =>
      `FROM scratch\nENV A=${'x'.repeat(60_000)}\n${'USER $A\n'.repeat(lines)}`
    expect(history(text(60))).toHaveLength(61)
    expect(refusals(() => built(text(80)))[0]).toContain('more than 4194304 characters')
  })

  it('of variables', () => {
    const text = (count: number) =>
      `FROM scratch\nENV ${Array.from({ length: count }, (_, n) => `A${n}=${n % 100 ? '' : '\\\n'}`).join(' ')}`
    expect(built(text(19_000)).variables.size).toBeGreaterThan(19_000)
    expect(refusals(() => built(text(20_001)))[0]).toContain('more than 20000 variables')
  })

  it('of ports', () => {
    expect(built('FROM scratch\nEXPOSE 0-65535 0-65535/udp').config.exposedPorts?.size).toBe(
      131_072,
    )
    const all = 'EXPOSE 0-65535 0-65535 0-65535 0-65535'
    expect(refusals(() => built(`FROM scratch\n${all}`))).toEqual([
      '2:32 more ports than there are',
    ])
  })
})

it('what a program wrote is read as far as it is right', () => {
  expect(
    parseRuntimeConfig({
      User: 1,
      Env: ['A=b', 2],
      Cmd: null,
      Labels: { a: 'b', c: 3 },
      ExposedPorts: [],
      Healthcheck: { Test: ['x'], Interval: '1s', Retries: 2 },
      Hostname: 'x',
    }),
  ).toEqual({
    env: ['A=b'],
    labels: new Map([['a', 'b']]),
    healthcheck: {
      test: ['x'],
      interval: 0,
      timeout: 0,
      startPeriod: 0,
      startInterval: 0,
      retries: 2,
    },
  })
})
