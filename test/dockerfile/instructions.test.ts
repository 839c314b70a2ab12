import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/parse.ts'
import { instruction, instructions, refusals, texts } from './reading.ts'

const parse = (text: string) => parseDockerfile(text, 'Dockerfile')

describe('ENV and LABEL', () => {
  it.each([
    ['A=b', ['A', 'b']],
    ['A=', ['A', '']],
    ['A=b C=d', ['A', 'b', 'C', 'd']],
    ['A="b c" D=\'e f\'', ['A', '"b c"', 'D', "'e f'"]],
    ['A=b\\ c D=e', ['A', 'b\\ c', 'D', 'e']],
    ['A="b\\"c d"', ['A', '"b\\"c d"']],
    ["A='b\\' D=e", ['A', "'b\\'", 'D', 'e']],
    ['A=b=c', ['A', 'b=c']],
    ['A b', ['A', 'b']],
    ['A  b  c=d "e', ['A', 'b  c=d "e']],
    ['$A=$B', ['$A', '$B']],
    ['A=b\\', ['A', 'b']],
  ])('%s', (text, expected) => {
    for (const kind of ['env', 'label'] as const) {
      const { pairs } = instruction(kind, `${kind} ${text}`)
      expect(pairs.flatMap(({ key, value }) => texts([key, value]))).toEqual(expected)
    }
  })

  it.each([
    ['ENV', '2:1 ENV has no argument'],
    ['ENV A', '2:5 ENV "A" has no value'],
    ['LABEL A=b C', '2:11 "C" has no "="'],
    ['ENV =b', '2:5 a value without a name'],
    ['ENV --x A=b', '2:5 there is no flag "--x"'],
  ])('%s is refused', (text, refusal) => {
    expect(refusals(() => instructions(text))).toEqual([refusal])
  })
})

describe('ARG', () => {
  it.each([
    ['A', ['A', undefined]],
    ['A=', ['A', '']],
    ['A="b c" D', ['A', '"b c"', 'D', undefined]],
  ])('%s', (text, expected) => {
    const { args } = instruction('arg', `ARG ${text}`)
    expect(args.flatMap(({ key, value }) => texts([key, value]))).toEqual(expected)
  })

  it.each([
    ['ARG', '2:1 ARG has no argument'],
    ['ARG =b', '2:5 a value without a name'],
  ])('%s is refused', (text, refusal) => {
    expect(refusals(() => instructions(text))).toEqual([refusal])
  })

  it('takes flags that say nothing, and says so', () => {
    const { warnings } = parse('FROM a\nARG --x B')
    expect(warnings.map(({ message }) => message)).toEqual(['ARG does not look at "--x"'])
  })
})

describe('commands', () => {
  it.each([
    ['echo "a  b"', { form: 'shell', text: 'echo "a  b"' }],
    ['', { form: 'shell', text: '' }],
    ['["a", "b c"]', { form: 'exec', args: ['a', 'b c'] }],
    ['  [ "\\u00e9\\n" ]  ', { form: 'exec', args: ['é\n'] }],
    ['["\\ud800"]', { form: 'exec', args: ['\ufffd'] }],
    ['[]', { form: 'exec', args: [] }],
    ["['a']", { form: 'shell', text: "['a']" }],
    ['["a",]', { form: 'shell', text: '["a",]' }],
    ['["a"] b', { form: 'shell', text: '["a"] b' }],
    ['{"a": 1}', { form: 'shell', text: '{"a": 1}' }],
  ])('%s', (text, command) => {
    expect(instruction('cmd', `CMD ${text}`).command).toEqual(command)
    expect(instruction('entrypoint', `ENTRYPOINT ${text}`).command).toEqual(command)
    expect(instruction('run', `RUN ${text}`).command).toEqual(command)
  })

  it.each([
    ['CMD ["a", 1]', '2:5 an item that is no text in a JSON array'],
    ['RUN [null]', '2:5 an item that is no text in a JSON array'],
    ['ENTRYPOINT --x a', '2:12 there is no flag "--x"'],
    ['SHELL', '2:6 SHELL takes a JSON array with at least one text'],
    ['SHELL []', '2:7 SHELL takes a JSON array with at least one text'],
    ['SHELL bash -c', '2:7 SHELL takes a JSON array with at least one text'],
  ])('%s is refused', (text, refusal) => {
    expect(refusals(() => instructions(text))).toEqual([refusal])
  })

  it('SHELL names one', () => {
    expect(instruction('shell', 'SHELL ["a", "-c"]').args).toEqual(['a', '-c'])
  })
})

describe('RUN', () => {
  it('takes mounts, devices, a network and a security', () => {
    const run = instruction(
      'run',
      'RUN --mount=type=bind,from=b,target=/x --mount="type=cache,""id=a,b""" ' +
        '--mount=type=secret,required --device=gpu --network=none --security=insecure make',
    )
    expect(run).toMatchObject({
      network: 'none',
      security: 'insecure',
      command: { text: 'make' },
      mounts: [{ from: { text: 'b' } }, {}, {}],
    })
    expect(run.mounts[2]!.fields).toEqual([{ key: 'type', value: 'secret' }, { key: 'required' }])
    expect(texts(run.devices)).toEqual(['gpu'])
  })

  it('has the network and the security of all others', () => {
    expect(instruction('run', 'RUN a')).toMatchObject({ network: 'default', security: 'sandbox' })
  })

  it.each([
    ['RUN --network=nope a', '2:5 --network is "nope"'],
    ['RUN --network=none --network=none a', '2:20 --network is given twice'],
    ['RUN --security= a', '2:5 --security is ""'],
    ['RUN --mount=type=bind,from=$X a', '2:13 from=$X: no variables here'],
    ['RUN --mount=a\\"b c', '2:5 --mount has a quote that is not closed or does not begin'],
    ['RUN --mont=x a', '2:5 there is no flag "--mont"'],
  ])('%s is refused', (text, refusal) => {
    expect(refusals(() => instructions(text))).toEqual([refusal])
  })
})

describe('HEALTHCHECK', () => {
  const none = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 }

  it.each([
    ['NONE', { ...none, test: ['NONE'] }],
    ['none', { ...none, test: ['NONE'] }],
    ['CMD curl a  b', { ...none, test: ['CMD-SHELL', 'curl a  b'] }],
    ['CMD ["a", "b"]', { ...none, test: ['CMD', 'a', 'b'] }],
    [
      '--interval=1m30s --timeout=500ms --retries=3 CMD x',
      { ...none, test: ['CMD-SHELL', 'x'], interval: 90e9, timeout: 5e8, retries: 3 },
    ],
    [
      '--start-period=2h --start-interval=1ms CMD x',
      { ...none, test: ['CMD-SHELL', 'x'], startPeriod: 7200e9, startInterval: 1e6 },
    ],
    ['--interval=0 --retries= CMD x', { ...none, test: ['CMD-SHELL', 'x'] }],
  ])('%s', (text, check) => {
    expect(instruction('healthcheck', `HEALTHCHECK ${text}`).check).toEqual(check)
  })

  it.each([
    ['', '2:1 HEALTHCHECK has no argument'],
    ['CMD', '2:1 CMD has no command'],
    ['CMD []', '2:1 CMD has no command'],
    ['NONE x', '2:18 NONE takes no arguments'],
    ['RUN x', '2:13 there is no kind of health check "RUN"'],
    ['--interval=999us CMD x', '2:13 --interval is 999us'],
    ['--timeout=-1s CMD x', '2:13 --timeout is -1s'],
    ['--timeout=5 CMD x', '2:13 "5" is no duration'],
    ['--retries=-1 CMD x', '2:13 --retries is "-1"'],
    ['--retries=2147483648 CMD x', '2:13 --retries is "2147483648"'],
    ['--retrys=1 CMD x', '2:13 there is no flag "--retrys"'],
  ])('%s is refused', (text, refusal) => {
    expect(refusals(() => instructions(`HEALTHCHECK ${text}`))).toEqual([refusal])
  })
})

describe('what says something of the image', () => {
  it('takes its words', () => {
    expect(instruction('workdir', 'WORKDIR /a b').path.text).toBe('/a b')
    expect(instruction('user', 'USER a:b').user.text).toBe('a:b')
    expect(instruction('stopsignal', 'STOPSIGNAL $X').signal.text).toBe('$X')
    expect(texts(instruction('expose', 'EXPOSE 80  443/tcp').ports)).toEqual(['80', '443/tcp'])
    expect(texts(instruction('volume', 'VOLUME /a /b').paths)).toEqual(['/a', '/b'])
    expect(texts(instruction('volume', 'VOLUME ["/a b", " /c "]').paths)).toEqual(['/a b', '/c'])
  })

  it('says that MAINTAINER is deprecated', () => {
    const { stages, warnings } = parse('FROM a\nMAINTAINER me <me@x>')
    expect(stages[0]!.instructions).toMatchObject([{ maintainer: { text: 'me <me@x>' } }])
    expect(warnings.map(({ message }) => message)).toEqual(['MAINTAINER is deprecated'])
  })

  it.each([
    ['WORKDIR', '2:1 WORKDIR has no argument'],
    ['USER', '2:1 USER has no argument'],
    ['STOPSIGNAL', '2:1 STOPSIGNAL has no argument'],
    ['EXPOSE', '2:1 EXPOSE has no argument'],
    ['VOLUME', '2:1 VOLUME has no argument'],
    ['VOLUME []', '2:1 VOLUME has no argument'],
    ['VOLUME ["a", " "]', '2:14 a volume without a path'],
    ['MAINTAINER', '2:1 MAINTAINER has no argument'],
    ['USER --x a', '2:6 there is no flag "--x"'],
  ])('%s is refused', (text, refusal) => {
    expect(refusals(() => instructions(text))).toEqual([refusal])
  })
})
