import { describe, expect, it } from 'vitest'
import { neededStages } from '../../src/dockerfile/needed.ts'
import { isProxyArg } from '../../src/dockerfile/platforms.ts'
import { InputError } from '../../src/errors.ts'
import { formatPlatform } from '../../src/oci/platform.ts'
import { needed, plan } from './building.ts'
import { refusals, thrownBy } from './reading.ts'

const bases = (text: string, init = {}) =>
  plan(text, init).stages.map(({ base }) =>
    base.kind === 'stage' ? base.index : base.kind === 'image' ? base.name : base.kind,
  )

describe('FROM', () => {
  it.each([
    ['FROM scratch', ['scratch']],
    ['FROM a AS b\nFROM b', ['a', 0]],
    ['FROM a AS B\nFROM b', ['a', 0]],
    ['FROM a AS a\nFROM a', ['a', 0]],
    ['FROM a AS b\nFROM c AS b\nFROM b', ['a', 'c', 1]],
    ['FROM b\nFROM a AS b', ['b', 'a']],
    ['FROM a AS scratch\nFROM scratch', ['a', 0]],
    ['FROM a\nFROM 0', ['a', '0']],
    ['ARG V=1\nFROM a:$V', ['a:1']],
    ['ARG V=1\nARG W=$V.2\nFROM a:${W}', ['a:1.2']],
    ['ARG V\nFROM a:${V:-x}', ['a:x']],
    ['FROM a:$TARGETARCH-$BUILDOS', ['a:amd64-linux']],
    ['FROM a AS b\nARG N=b\nFROM ${N:-c}', ['a', 'c']],
    ['ARG N=b\nFROM a AS b\nFROM $N', ['a', 0]],
    ['FROM "a"', ['a']],
  ])('%j', (text, expected) => {
    expect(bases(text)).toEqual(expected)
  })

  it('takes what is given before what is the default', () => {
    expect(bases('ARG V=1\nARG W=$V\nFROM a:$V-$W', { args: { V: '2' } })).toEqual(['a:2-2'])
    expect(bases('FROM a:${V:-1}', { args: { V: '2' } })).toEqual(['a:1'])
  })

  it.each([
    ['FROM $U', '1:6 "$U" comes to nothing'],
    ['FROM --platform=$U a', '1:17 "$U" comes to nothing'],
    ['FROM --platform=a/b/c/d a', '1:17 "a/b/c/d" is no platform'],
    ['FROM ${U', '1:6 this ${ is never closed'],
    ['ARG A=${U?no}\nFROM a', '1:7 U: no'],
    ['FROM a AS x\nFROM X', '2:6 "X" is not an image name'],
  ])('%j is refused', (text, refusal) => {
    expect(refusals(() => plan(text))).toEqual([refusal])
  })

  it('is refused in all stages at once', () => {
    expect(refusals(() => plan('FROM $U\nFROM a\nFROM $V'))).toHaveLength(2)
  })
})

describe('platforms', () => {
  const arm = { os: 'linux', architecture: 'arm64', variant: 'v8' }
  const platforms = (text: string) =>
    plan(text, { platform: arm }).stages.map(({ platform }) => formatPlatform(platform))

  it.each([
    ['FROM a', ['linux/arm64']],
    ['FROM --platform=linux/amd64 a', ['linux/amd64']],
    ['FROM --platform=$BUILDPLATFORM a', ['linux/amd64']],
    ['FROM --platform=$TARGETPLATFORM a', ['linux/arm64']],
    ['FROM --platform=arm a', ['linux/arm/v7']],
    ['FROM --platform=linux/arm/6 a', ['linux/arm/v6']],
    ['FROM --platform=x86_64 a', ['linux/amd64']],
    ['FROM --platform=Windows a', ['windows/amd64']],
    ['FROM --platform=linux/aarch64 a', ['linux/arm64']],
    ['FROM --platform=s390x a AS b\nFROM --platform=arm b', ['linux/s390x', 'linux/s390x']],
    ['FROM --platform=s390x scratch', ['linux/arm64']],
  ])('%j', (text, expected) => {
    expect(platforms(text)).toEqual(expected)
  })

  it('are arguments of every build', () => {
    const { globals } = plan('FROM a AS b', {
      platform: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.1' },
      args: { BUILDARCH: 'mine' },
    })
    expect(Object.fromEntries(globals)).toEqual({
      BUILDPLATFORM: 'linux/amd64',
      BUILDOS: 'linux',
      BUILDOSVERSION: '',
      BUILDARCH: 'mine',
      BUILDVARIANT: '',
      TARGETPLATFORM: 'windows(10.0.1)/amd64',
      TARGETOS: 'windows',
      TARGETOSVERSION: '10.0.1',
      TARGETARCH: 'amd64',
      TARGETVARIANT: '',
      TARGETSTAGE: 'b',
    })
  })
})

it.each([
  ['HTTP_PROXY', true],
  ['no_proxy', true],
  ['All_Proxy', true],
  ['PROXY', false],
  ['HTTP_PROXYX', false],
])('%s is an argument for a proxy: %s', (name, expected) => {
  expect(isProxyArg(name)).toBe(expected)
})

describe('the target', () => {
  const text = 'FROM a AS one\nFROM b\nFROM c AS Two\nFROM d'

  it.each([
    [undefined, 3],
    ['', 3],
    ['one', 0],
    ['ONE', 0],
    ['two', 2],
  ])('%j is stage %i', (target, index) => {
    expect(plan(text, target === undefined ? {} : { target }).target).toBe(index)
  })

  it('of two with one name is the last', () => {
    expect(plan('FROM a AS b\nFROM c AS b\nFROM d', { target: 'b' }).target).toBe(1)
  })

  it.each([
    ['onee', 'did you mean "one"?'],
    ['1', 'the stages are one, two'],
    ['xxxxxxx', 'the stages are one, two'],
  ])('%s is not there', (target, hint) => {
    const message = `Dockerfile has no stage "${target}"`
    const error = thrownBy(() => plan(text, { target }))
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({ message, hint })
  })
})

describe('the stages that are needed', () => {
  const indexes = (text: string, init = {}) => needed(text, init).map(({ stage }) => stage.index)

  it.each([
    ['FROM a\nFROM b', [1]],
    ['FROM a AS b\nFROM b', [0, 1]],
    ['FROM a AS b\nFROM c\nCOPY --from=b x y', [0, 1]],
    ['FROM a AS b\nFROM c\nCOPY --from=B x y', [0, 1]],
    ['FROM a\nFROM c\nCOPY --from=0 x y', [0, 1]],
    ['FROM a AS b\nFROM c\nRUN --mount=type=bind,from=b x', [0, 1]],
    ['FROM a\nFROM c\nRUN --mount=from=0 x', [1]],
    ['FROM a AS b\nFROM c AS d\nCOPY --from=b x y\nFROM d', [0, 1, 2]],
    ['FROM a AS b\nFROM c AS d\nCOPY --from=nope x y\nFROM b', [0, 2]],
    ['FROM a AS b\nONBUILD COPY --from=x q r\nFROM c AS x\nFROM b', [0, 1, 2]],
  ])('of %j', (text, expected) => {
    expect(indexes(text)).toEqual(expected)
  })

  it('grow by what a base image puts off', () => {
    const text = 'FROM a AS b\nFROM base'
    const images = { base: { onbuild: ['COPY --from=b x y', 'USER z'] } }
    expect(indexes(text)).toEqual([1])
    expect(indexes(text, { images })).toEqual([0, 1])
  })

  it('name images that things are copied from', () => {
    const [stage] = needed('FROM a\nCOPY --from=img:1 x y\nCOPY --from=scratch x y')
    const origins = stage!.steps.flatMap(step => step.references.map(({ origin }) => origin))
    expect(origins).toEqual([{ kind: 'image', name: 'img:1' }, { kind: 'scratch' }])
  })

  it('begin with what the stage below puts off, and not with what that was handed', () => {
    const kinds = (text: string, index: number) =>
      needed(text)[index]!.steps.map(({ instruction }) => instruction.kind)
    const text = 'FROM a AS b\nONBUILD USER x\nLABEL a=b\nFROM b AS c\nENV A=b\nFROM c\nARG X'
    expect(kinds(text, 1)).toEqual(['user', 'env'])
    expect(kinds(text, 2)).toEqual(['arg'])
  })

  it.each([
    [
      'FROM a\nCOPY --from=c x y\nFROM b AS c\nCOPY --from=d x y\nFROM e AS d\nFROM c',
      '4:13 the stage "d" comes only later',
    ],
    ['FROM a AS b\nCOPY --from=c x y\nFROM d AS c\nFROM b', '2:13 the stage "c" comes only later'],
    [
      'FROM a AS b\nRUN --mount=from=c x\nFROM d AS c\nFROM b',
      '2:13 the stage "c" comes only later',
    ],
  ])('cannot come later: %j', (text, refusal) => {
    expect(refusals(() => needed(text))).toEqual([refusal])
  })

  it('may come later for what is not needed', () => {
    expect(indexes('FROM a\nCOPY --from=c x y\nFROM b AS c')).toEqual([1])
  })

  it.each([
    ['FROM a\nCOPY --from=1 x y', '2:13 there is no stage 1'],
    ['FROM a\nCOPY --from=-1 x y', '2:13 there is no stage -1'],
    ['FROM a\nCOPY --from=$X x y', '2:13 --from takes no variables, quotes or escapes'],
    ['FROM a\nCOPY --from=${X x y\nFROM b', '2:13 this ${ is never closed'],
    ['FROM a AS b\nCOPY --from=b x y', '2:13 "b" is this stage itself'],
    ['FROM a AS b\nRUN --mount=from=b x', '2:13 "b" is this stage itself'],
    [
      'FROM a AS b\nCOPY --from=d x y\nFROM c AS d\nCOPY --from=b x y\nFROM e',
      '4:13 "b" needs this stage, which needs it',
    ],
  ])('are checked even where they are not: %j', (text, refusal) => {
    expect(refusals(() => plan(text))).toEqual([refusal])
  })

  it('says of a base image that what it puts off is wrong', () => {
    const planned = plan('FROM x AS y\nFROM base')
    const triggers = new Map([[1, ['USER a', 'FOO b']]])
    expect(() => neededStages(planned, triggers)).toThrow(
      'Dockerfile:2, ONBUILD 2 of base:1:1: there is no instruction "FOO"',
    )
    expect(() => neededStages(planned, new Map([[1, ['FROM a']]]))).toThrow('FROM cannot be here')
    expect(() => neededStages(planned, new Map([[1, ['USER a\nUSER b']]]))).toThrow(
      'not one instruction',
    )
  })

  it('take what a chain of hundreds needs', () => {
    const count = 500
    const chain = Array.from({ length: count }, (_, index) =>
      index === 0
        ? 'FROM a AS s0'
        : `FROM s${index - 1} AS s${index}\nCOPY --from=s${index - 1} x y`,
    )
    expect(indexes(chain.join('\n'))).toHaveLength(count)
  })
})
