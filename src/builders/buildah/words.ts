/** What buildah and podman say, in lines. */

/** `[1/2] STEP 2/5: RUN make`; without the first part where there is one stage. */
export interface StepLine {
  /** From 0. */
  readonly stage: number
  /** From 1, which is FROM. */
  readonly number: number
  readonly code: string
}

export function parseStepLine(line: string): StepLine | undefined {
  const found = /^(?:\[(\d{1,6})\/\d{1,6}\] )?STEP (\d{1,6})\/\d{1,6}: (\S.*)$/.exec(line)
  if (!found) return undefined
  const [, stage = '1', number = '', code = ''] = found
  return { stage: Number(stage) - 1, number: Number(number), code }
}

/** How the command of a RUN ended, in the program's last words. */
export function exitCodeIn(words: string): number | undefined {
  const code = /: exit status (\d{1,3})$/.exec(words)?.[1]
  return code === undefined ? undefined : Number(code)
}

/** `Error: …`, without it; else the last line there is. */
export function lastWords(text: string): string {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const own = lines.findLast(line => isError(line))
  return (own ?? lines.at(-1) ?? '').replace(ERROR, '').trim()
}

const ERROR = /^(?:error|Error): /

export function isError(line: string): boolean {
  return ERROR.test(line)
}
