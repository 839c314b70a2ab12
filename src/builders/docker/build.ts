/** One build by an engine, from the context to the id of an image. */
import type { Readable } from 'node:stream'
import type { Digest } from '../../oci/digest.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { StoreError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import type { BuildRequest } from '../builder.ts'
import { contextTar } from '../context/tar.ts'
import { buildFailed } from '../failure.ts'
import { createLines } from '../lines.ts'
import type { Output } from '../output.ts'
import type { NeededBase, OpenStages } from '../open-stages.ts'
import { rewriteDockerfile } from '../rewrite.ts'
import { stepsOf, type Step } from '../steps.ts'
import { extraFiles } from './context.ts'
import type { Engine } from './engine.ts'
import { exitCodeIn, parseLine, parseMessage } from './words.ts'

export interface Site {
  readonly engine: Engine
  readonly prepared: OpenStages
  readonly request: BuildRequest
  readonly output: Output
  /** What base images are called there. */
  readonly ids: ReadonlyMap<NeededBase, Digest>
  /** The whole name that the image gets. */
  readonly name: string
  /** Is told of each image and container on the way, by the start of its id. */
  readonly onMade: (id: string) => void
}

export async function runBuild(site: Site, call: Call): Promise<Digest> {
  const { engine, prepared, request, ids } = site
  const dockerfile = rewriteDockerfile(prepared, base => ids.get(base) ?? base.name)
  const extra = await extraFiles(request.context, dockerfile)
  const stream = contextTar(request.context, extra.files, call)
  const answer = await sent(site, stream, extra, call)
  const following = follow(site)
  // a line is as long as what a command said at once
  const lines = createLines(line => following.take(line), MOST_MESSAGE)
  for await (const chunk of answer) lines.push(chunk)
  lines.end()
  call.signal?.throwIfAborted()
  const { image, error, step } = following.result()
  if (error === undefined && image !== undefined) return image
  const said = error ?? `${engine.name} ended without an image`
  throw failureOf(site, said, step)
}

const MOST_MESSAGE = 4 * 1024 * 1024

async function sent(
  site: Site,
  stream: Readable,
  { dockerfile }: { readonly dockerfile: string },
  call: Call,
): Promise<Readable> {
  const { engine } = site
  try {
    const answer = await engine.open(
      {
        method: 'POST',
        path: `/build?${queryOf(site, dockerfile).toString()}`,
        what: `building ${site.request.name}`,
        headers: { 'content-type': 'application/x-tar' },
        body: { stream },
        slow: true,
      },
      call,
    )
    if (answer) return answer
    throw new StoreError('STORE_PROTOCOL', `${engine.name} cannot build images`)
  } catch (error) {
    // the Dockerfile is read before the answer begins
    if (!(error instanceof StoreError) || error.facts['status'] === undefined) throw error
    throw failureOf(site, error.message, undefined)
  } finally {
    if (!stream.readableEnded) stream.destroy()
  }
}

function failureOf({ engine, request, output }: Site, said: string, step: Step | undefined) {
  const exitCode = exitCodeIn(said)
  return buildFailed({ name: request.name, by: engine.name, step, exitCode, said }, output)
}

function queryOf({ prepared, request, name }: Site, dockerfile: string): URLSearchParams {
  const { labels, args, platform } = request
  return new URLSearchParams({
    version: '1',
    dockerfile,
    t: name,
    platform: formatPlatform(platform),
    labels: JSON.stringify(Object.fromEntries(labels)),
    buildargs: JSON.stringify({ ...platformArgs(prepared), ...Object.fromEntries(args) }),
    // a command that was run for another build is no reason not to run it for this one
    nocache: '1',
    rm: '1',
    forcerm: '1',
  })
}

const AUTOMATIC = /^(?:TARGET|BUILD)(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT)$|^TARGETSTAGE$/

/** What BuildKit gives of itself, as far as the Dockerfile asks for it. */
function platformArgs({ plan, stages }: OpenStages): Readonly<Record<string, string>> {
  const named = stages
    .flatMap(({ steps }) => steps)
    .flatMap(({ instruction }) => (instruction.kind === 'arg' ? instruction.args : []))
    .map(({ key }) => key.text)
    .filter(key => AUTOMATIC.test(key))
  return Object.fromEntries(named.map(key => [key, plan.globals.get(key) ?? '']))
}

function follow({ prepared, output, onMade }: Site) {
  const steps = stepsOf(prepared)
  let step: Step | undefined
  let image: Digest | undefined
  let error: string | undefined
  const text = createLines(line => {
    const found = parseLine(line)
    if (found.kind === 'made') onMade(found.id)
    if (found.kind === 'step') step = steps.inFile(found.number, found.code)
    if (found.kind === 'step' || found.kind === 'other') output.say(line, step?.title)
  })
  return {
    take(line: string) {
      const message = parseMessage(line)
      if (message?.kind === 'text') text.push(Buffer.from(message.text))
      if (message?.kind === 'error') error = message.said
      if (message?.kind !== 'image') return
      image = message.id
      onMade(message.id)
    },
    result() {
      text.end()
      return { image, error, step }
    },
  }
}
