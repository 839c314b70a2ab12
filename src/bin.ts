#!/usr/bin/env node
import module from 'node:module'
import { VERSION } from './cli/version.ts'

/** `--version` is asked by scripts all the time: it is answered before anything else is loaded. */
function isVersionAsked([first, ...rest]: readonly string[]): boolean {
  return rest.length === 0 && (first === '--version' || first === '-V')
}

async function start(): Promise<void> {
  // Node 22 and later; the floor is 20
  if ('enableCompileCache' in module && typeof module.enableCompileCache === 'function') {
    module.enableCompileCache()
  }
  const { runProcess } = await import('./cli/process.ts')
  const { commands } = await import('./cli/commands.ts')
  await runProcess(process, commands)
}

if (isVersionAsked(process.argv.slice(2))) process.stdout.write(`${VERSION}\n`)
else await start()
