/**
 * What git, and the hooks and helpers that it runs, see of our environment: enough to find
 * programs, configuration, keys and proxies. Nothing that would point it at another repository.
 */

type Env = Readonly<Record<string, string | undefined>>

const PASSED = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'EMAIL',
  'TMPDIR',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'SSH_AUTH_SOCK',
  'SSH_AGENT_PID',
  'SSH_ASKPASS',
  'SSH_ASKPASS_REQUIRE',
  'GNUPGHOME',
  'GPG_TTY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
  // credential helpers of GitHub and GitLab
  'GH_TOKEN',
  'GITHUB_TOKEN',
  'GITLAB_TOKEN',
])
const PROXY = /^(?:https?|all|no)_proxy$/i
const GIT =
  /^GIT_(?:(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)|CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+|GLOBAL|SYSTEM|NOSYSTEM)|SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+|HTTP_\w+|ATTR_NOSYSTEM|ALLOW_PROTOCOL|PROTOCOL_FROM_USER|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)$/

export function gitEnvironment(env: Env): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    const isPassed = PASSED.has(name) || PROXY.test(name) || GIT.test(name)
    if (isPassed && value !== undefined) passed[name] = value
  }
  // we read what git says, and nobody is there to be asked
  return { ...passed, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' }
}
