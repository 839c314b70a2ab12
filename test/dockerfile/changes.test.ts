import { describe, expect, it } from 'vitest'
import { applyChanges } from '../../src/dockerfile/changes.ts'
import { formatRuntimeConfig, type RuntimeConfig } from '../../src/dockerfile/runtime-config.ts'
import { refusals } from './reading.ts'

const changed = (changes: readonly string[], config: RuntimeConfig = {}) =>
  formatRuntimeConfig(applyChanges(config, changes, { name: '--change' }))

describe('a change', () => {
  it.each([
    [['CMD ["a"]'], { Cmd: ['a'], ArgsEscaped: true }],
    [['cmd a'], { Cmd: ['/bin/sh', '-c', 'a'], ArgsEscaped: true }],
    [['ENTRYPOINT ["a"]', 'CMD ["b"]'], { Entrypoint: ['a'], Cmd: ['b'], ArgsEscaped: true }],
    [['ENV A=1', 'ENV B=$A'], { Env: ['A=1', 'B=1'] }],
    [['EXPOSE 80', 'LABEL a=b'], { ExposedPorts: { '80/tcp': {} }, Labels: { a: 'b' } }],
    [['WORKDIR /a', 'WORKDIR b'], { WorkingDir: '/a/b' }],
    [
      ['USER a', 'VOLUME /v', 'STOPSIGNAL 9'],
      { User: 'a', Volumes: { '/v': {} }, StopSignal: '9' },
    ],
    [['ONBUILD USER a'], { OnBuild: ['USER a'] }],
    [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
    [[], {}],
  ])('%j', (changes, expected) => {
    expect(changed(changes)).toEqual(expected)
  })

  it('is made to what is there', () => {
    const config = { env: ['A=1'], cmd: ['x'], user: 'u', onbuild: ['USER z'] }
    expect(changed(['ENV A=$A$A', 'ENTRYPOINT ["e"]'], config)).toEqual({
      User: 'u',
      Env: ['A=11'],
      Entrypoint: ['e'],
      OnBuild: ['USER z'],
    })
  })

  it.each([
    ['RUN x', '1:1 RUN cannot change a finished image'],
    ['COPY a b', '1:1 COPY cannot change a finished image'],
    ['SHELL ["a"]', '1:1 SHELL cannot change a finished image'],
    ['ARG A', '1:1 ARG cannot change a finished image'],
    ['FROM a', '1:1 FROM cannot be here'],
    ['FOO a', '1:1 there is no instruction "FOO"'],
    ['', '1:1 not one instruction'],
    ['USER a\nUSER b', '2:1 not one instruction'],
    ['STOPSIGNAL 0', '1:12 "0" is no signal'],
  ])('%j is refused', (change, refusal) => {
    expect(refusals(() => changed([change]))).toEqual([refusal])
  })
})
