import type { Command } from './command.ts'

export type Commands = Readonly<Record<string, () => Promise<Command>>>

/** One line per command, in the order of help; a command is loaded when it is named. */
export const commands: Commands = {
  init: async () => (await import('./init.ts')).init,
  validate: async () => (await import('./validate.ts')).validate,
  plan: async () => (await import('./plan.ts')).plan,
  explain: async () => (await import('./explain.ts')).explain,
  apply: async () => (await import('./apply.ts')).apply,
  update: async () => (await import('./update.ts')).update,
  hold: async () => (await import('./hold.ts')).hold,
  release: async () => (await import('./release.ts')).release,
  adopt: async () => (await import('./adopt.ts')).adopt,
  reconcile: async () => (await import('./reconcile.ts')).reconcile,
  images: async () => (await import('./images.ts')).images,
  pull: async () => (await import('./pull.ts')).pull,
  push: async () => (await import('./push.ts')).push,
  copy: async () => (await import('./copy.ts')).copy,
  tag: async () => (await import('./tag.ts')).tag,
  commit: async () => (await import('./commit.ts')).commit,
  untag: async () => (await import('./untag.ts')).untag,
  inspect: async () => (await import('./inspect.ts')).inspect,
  history: async () => (await import('./history.ts')).history,
  search: async () => (await import('./search.ts')).search,
  save: async () => (await import('./save.ts')).save,
  load: async () => (await import('./load.ts')).load,
  build: async () => (await import('./build.ts')).build,
  import: async () => (await import('./import.ts')).importCommand,
  rmi: async () => (await import('./rmi.ts')).rmi,
  prune: async () => (await import('./prune.ts')).prune,
  sweep: async () => (await import('./sweep.ts')).sweep,
  du: async () => (await import('./du.ts')).du,
  login: async () => (await import('./login.ts')).login,
  logout: async () => (await import('./logout.ts')).logout,
}
