import type { TestImage } from '../../test/support/images.ts'

/** One image that is, or is to be, at the same place in every registry of a job. */
export interface Wish {
  readonly repository: string
  readonly tag: string
  readonly image: TestImage
}

/** What every runner of a case is given: make these destinations hold what the source holds. */
export interface Job {
  readonly name: string
  /** Of its own, for its files and as its HOME. */
  readonly directory: string
  readonly source: string
  readonly destinations: readonly string[]
  readonly wishes: readonly Wish[]
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
}

/** Somebody who can do a job: waybill, curl, or a tool of others. */
export interface Peer {
  readonly name: string
  /** Undefined, or why it cannot take part. */
  missing(): string | undefined
  /** `undefined` where it does not do this kind of work. */
  prepare(job: Job): Promise<Command | undefined>
}

/** The repositories of a job with their tags, in order. */
export function repositoriesOf({ wishes }: Job): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const { repository, tag } of wishes) {
    found.set(repository, [...(found.get(repository) ?? []), tag])
  }
  return found
}
