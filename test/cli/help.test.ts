import { describe, expect, it } from 'vitest'
import { optionsOf } from '../../src/cli/args.ts'
import { commands } from '../../src/cli/commands.ts'
import { describeCommand, describeCommands } from '../../src/cli/help.ts'
import { plan } from '../../src/cli/plan.ts'
import { reconcile } from '../../src/cli/reconcile.ts'
import { widthOf } from '../../src/report/width.ts'

function widest(text: string): number {
  return Math.max(...text.split('\n').map(widthOf))
}

describe.each(Object.keys(commands))('help of %s', name => {
  it('fits in 80 columns, and uses no more than 100', async () => {
    const command = await commands[name]!()
    expect(widest(describeCommand(name, command, { columns: 80 }))).toBeLessThanOrEqual(80)
    expect(widest(describeCommand(name, command, { columns: 300 }))).toBeLessThanOrEqual(100)
  })

  it('has its usage, every flag, and its exit codes', async () => {
    const command = await commands[name]!()
    const text = describeCommand(name, command, { columns: 80 })
    expect(text).toMatch(new RegExp(`^Usage: waybill ${name}\\b`))
    expect(text).toContain(command.summary.slice(0, 40))
    for (const [flag, { help }] of Object.entries(optionsOf(command))) {
      expect(text).toContain(`--${flag}`)
      expect(help).toMatch(/^[A-Z].*[.)]$/)
    }
    expect(text).toMatch(/^Exit codes:\n {2}0 /m)
    expect(text).toMatch(/^ {2}64 /m)
  })

  it('is named in the help of all, with what it does', async () => {
    const text = await describeCommands(commands, { columns: 80 })
    const { summary } = await commands[name]!()
    expect(text).toContain(`  ${name}`)
    expect(text.replaceAll(/\s+/g, ' ')).toContain(summary)
    expect(widest(text)).toBeLessThanOrEqual(80)
  })
})

describe('describeCommand', () => {
  const text = describeCommand('plan', plan, { columns: 80 })

  it('says what a flag takes, which values, and what it is without', () => {
    expect(text).toContain('  -f, --file PATH')
    expect(text).toMatch(/--output FORMAT +Format of the result\. \(text, json; default text\)$/m)
    expect(text).toMatch(/^ {6}--detailed-exitcode/m)
  })

  it('leaves examples as they are', () => {
    expect(text).toContain('\n  waybill plan -f images.yaml -f team/images.yaml\n')
  })

  it('shows only the exit codes that the command can have', () => {
    expect(text).toMatch(/^ {2}2 /m)
    expect(text).not.toMatch(/^ {2}5 /m)
    const other = describeCommand('reconcile', reconcile, { columns: 80 })
    expect(other).toMatch(/^ {2}5 /m)
    expect(other).not.toMatch(/^ {2}2 /m)
  })
})
