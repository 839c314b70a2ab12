import { StoreError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import { isAbsent, type Engine } from './engine.ts'
import { refusal } from './failure.ts'
import { dockerName, imagePath } from './names.ts'

/** Gives an image one more name, which whatever had it loses. */
export async function tagImage(
  engine: Engine,
  {
    image,
    repository,
    tag,
  }: { readonly image: string; readonly repository: string; readonly tag: string },
  call?: Call,
): Promise<void> {
  const query = new URLSearchParams({ repo: dockerName(repository), tag })
  const what = `tagging ${image} as ${repository}:${tag}`
  const path = `${imagePath(image)}/tag?${query.toString()}`
  const reply = await engine.ask({ method: 'POST', path, what }, call)
  if (isAbsent(reply)) {
    throw new StoreError('CONTENT_MISSING', `${engine.name} has no ${image}`)
  }
  if (reply.status !== 201) throw refusal(engine.name, what, reply)
}
