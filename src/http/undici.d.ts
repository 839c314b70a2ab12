/** undici's front door costs twice the start-up of what is used here (docs/decisions/0003). */
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici'
  const value: typeof Pool
  // oxlint-disable-next-line import/no-default-export
  export default value
}

declare module 'undici/lib/dispatcher/proxy-agent.js' {
  import type { ProxyAgent } from 'undici'
  const value: typeof ProxyAgent
  // oxlint-disable-next-line import/no-default-export
  export default value
}

declare module 'undici/lib/api/api-connect.js' {
  import type { Dispatcher } from 'undici'
  const value: Dispatcher['connect']
  // oxlint-disable-next-line import/no-default-export
  export default value
}
