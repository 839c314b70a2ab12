import { InputError, StoreError } from '../../errors.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'
import type { Call } from '../../util/call.ts'
import type { CommitWish } from '../committing.ts'
import { isAbsent, type Engine } from './engine.ts'
import { refusal } from './failure.ts'
import { messageIn } from './message.ts'
import { dockerName } from './names.ts'

/** What docker's `commit` does; the engine says which instructions are right. */
export async function commitContainer(
  engine: Engine,
  { container, repository, tag, author, message, changes, pause }: CommitWish,
  call?: Call,
): Promise<Digest> {
  const query = new URLSearchParams({
    container,
    repo: dockerName(repository),
    tag,
    pause: pause ? '1' : '0',
    ...(author !== undefined && { author }),
    ...(message !== undefined && { comment: message }),
  })
  for (const change of changes) query.append('changes', change)
  const what = `making an image of ${container}`
  const reply = await engine.ask(
    {
      method: 'POST',
      path: `/commit?${query.toString()}`,
      what,
      slow: true,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{}'),
    },
    call,
  )
  if (isAbsent(reply)) {
    throw new StoreError('CONTENT_MISSING', `${engine.name} has no container ${container}`, {
      hint: '"docker ps -a" shows those that it has',
    })
  }
  if (reply.status === 400) throw refused(engine, changes, messageIn(reply.body))
  if (reply.status !== 201) throw refusal(engine.name, what, reply)
  const { Id: id } = parseDocument(reply.body, `what ${engine.name} says of ${what}`)
  if (typeof id === 'string' && isDigest(id)) return id
  throw new StoreError('STORE_PROTOCOL', `${engine.name} made an image, and does not say which`)
}

/** Whatever the engine cannot read was given to us. */
function refused(
  { name }: Engine,
  changes: readonly string[],
  said: string | undefined,
): InputError {
  const why = said ?? 'it does not say why'
  return new InputError('BAD_ARGUMENT', `${name} does not take what it was given: ${why}`, {
    hint:
      changes.length > 0
        ? '-c takes CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR'
        : undefined,
  })
}
