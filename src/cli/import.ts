import { InputError } from '../errors.ts'
import { openBenchFor, platformFlag } from './bench.ts'
import type { Command } from './command.ts'
import { listFlag, textFlag } from './flags.ts'
import { changeOptions, outputOption, storeOptions } from './image-options.ts'
import { machinePlatform } from '../util/machine.ts'
import { sourceDate } from '../util/source-date.ts'
import { temporaryOf } from './temporary.ts'

/** `import`; the word itself cannot be a name. */
export const importCommand: Command = {
  summary: 'Make an image of a root file system.',
  positionals: [
    { name: 'FROM', help: 'a tar, a folder, an http(s) address, or - for stdin', required: true },
    { name: 'REF', help: "the image's name: acme/base:1", required: true },
  ],
  options: {
    ...storeOptions,
    ...changeOptions,
    platform: {
      type: 'string',
      value: 'PLATFORM',
      help: 'What it runs on: linux/arm64. Else Linux on a processor like this one.',
    },
    output: outputOption,
  },
  details: `
The root file system becomes the one layer of the image; nothing of it is unpacked. A tar may be compressed with gzip, zstd or xz. What is gzipped stays as it is, and all else is gzipped. Of a folder everything is taken, as root's, without extended attributes. The id of the image is printed.

The same root file system gives the same image: it was made in 1970, or when SOURCE_DATE_EPOCH says, where docker takes the time of day.

Examples:
  waybill import rootfs.tar.gz acme/base:1 -c 'CMD ["/bin/sh"]'
  docker export web | waybill import - acme/web:debug -m "as it ran"
  waybill import ./rootfs acme/base:2 --platform linux/arm64
`,

  async run({ flags, args: [from = '', name = ''] }, shell) {
    const { stdout, stderr, cwd, env, pid, host, now, signal } = shell
    if (from === '-' && shell.stdin.isTTY === true) {
      throw new InputError('BAD_ARGUMENT', 'stdin is a terminal, and no tar comes from there', {
        hint: 'send one: docker export web | waybill import - acme/web:debug',
      })
    }
    const { importImage } = await import('../images/import.ts')
    const { shortDigest } = await import('../oci/digest.ts')
    const wish = {
      from,
      stdin: () => shell.stdin,
      cwd,
      scratch: { scratch: temporaryOf(env), owner: { pid, host, now } },
      platform: (await platformFlag(flags)) ?? machinePlatform(),
      changes: listFlag(flags, 'change'),
      message: textFlag(flags, 'message'),
      epoch: sourceDate(env),
    }
    await using bench = await openBenchFor(flags, shell)
    const { id, replaced } = await importImage(name, wish, bench, { signal })
    if (replaced !== undefined) stderr.write(`${name} was ${shortDigest(replaced)}\n`)
    const document = { formatVersion: '1.0', id, ...(replaced !== undefined && { replaced }) }
    const isJson = textFlag(flags, 'output') === 'json'
    stdout.write(isJson ? `${JSON.stringify(document, null, 2)}\n` : `${id}\n`)
    return 0
  },
}
