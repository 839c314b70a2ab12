import { openBenchFor, tableLook } from './bench.ts'
import type { Command } from './command.ts'
import { isSet, listFlag, textFlag } from './flags.ts'
import {
  formatOption,
  noTruncOption,
  outputOption,
  quietOption,
  storeOptions,
} from './image-options.ts'
import { tellProblems } from './problems.ts'
import { templateFlag } from './template.ts'

export const images: Command = {
  summary: 'List the images of a store.',
  positionals: [
    {
      name: 'REF',
      help: 'only images called so: mysql, mysql:5.7, "ghcr.io/acme/*"',
      required: false,
    },
  ],
  options: {
    ...storeOptions,
    all: {
      type: 'boolean',
      short: 'a',
      help: 'Nameless images that refer to others too, such as signatures; of an engine, those that others were built on.',
    },
    filter: {
      type: 'string',
      short: 'f',
      multiple: true,
      value: 'FILTER',
      help: 'Only those with dangling=BOOL, label=KEY[=VALUE], before=IMAGE, since=IMAGE or reference=PATTERN.',
    },
    digests: { type: 'boolean', help: 'Show digests.' },
    'no-trunc': noTruncOption,
    quiet: quietOption,
    format: formatOption,
    output: outputOption,
  },
  details: `
An image's id is the digest of its manifest or index. Its size is that of everything that it is made of, for all the platforms it is kept for; the last line says how much of that is there once although several images need it.

An engine's images are listed as the engine tells of them: ids, sizes, digests and filters are docker's.

Examples:
  waybill images
  waybill images mysql --digests
  waybill images --filter dangling=true -q
  waybill images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
  waybill images --store docker
  waybill images --store registry.internal --output json
`,

  async run({ flags, args: [of] }, shell) {
    const { parseFilters } = await import('../images/filter.ts')
    const { surveyImages } = await import('../images/survey.ts')
    const filters = parseFilters(listFlag(flags, 'filter'))
    const template = await templateFlag(flags)
    const bare = isSet(flags, 'quiet') && textFlag(flags, 'output') !== 'json'
    await using bench = await openBenchFor(flags, shell)
    const request = { of, filters, all: isSet(flags, 'all'), bare, sums: !bare && !template }
    const survey = await surveyImages(request, bench, { signal: shell.signal })
    const { encodeImages, describeImages, formatImages, idOf } = await import('../report/images.ts')
    const { images } = survey
    const noTrunc = isSet(flags, 'no-trunc')
    if (textFlag(flags, 'output') === 'json') {
      shell.stdout.write(encodeImages(survey))
    } else if (bare) {
      shell.stdout.write(images.map(({ content }) => `${idOf(content, noTrunc)}\n`).join(''))
    } else {
      const digests =
        isSet(flags, 'digests') || textFlag(flags, 'format')?.includes('.Digest') === true
      const look = { ...tableLook(shell), digests, noTrunc }
      shell.stdout.write(
        template ? formatImages(images, template, look) : describeImages(survey, look),
      )
    }
    return tellProblems(images, shell)
  },
}
