/** How much memory a run of the program took at most, as the system counts it. */
import { readFile } from 'node:fs/promises'

/**
 * What makes a Node process of ours write its peak to `file` as it ends. Where it can be told from
 * what the parent had when it forked, with which `maxRSS` begins, it is.
 */
export function peakProbe(file: string): Readonly<Record<string, string>> {
  const script = `
    import { existsSync, readFileSync, writeFileSync } from 'node:fs'
    const status = '/proc/self/status'
    const peak = () => /^VmHWM:\\s*(\\d+) kB$/m.exec(readFileSync(status, 'utf8'))[1]
    process.on('exit', () => {
      const kib = existsSync(status) ? peak() : String(process.resourceUsage().maxRSS)
      writeFileSync(${JSON.stringify(file)}, kib)
    })`
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` }
}

export async function readPeakMiB(file: string): Promise<number> {
  return Number(await readFile(file, 'utf8')) / 1024
}
