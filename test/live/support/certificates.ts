import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificates {
  /** PEM of the authority that signed the certificate. */
  readonly ca: string
  readonly caFile: string
  readonly certificate: string
  readonly key: string
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** An authority, and a certificate of it for `names`; files in `directory`. */
export async function makeCertificates(
  directory: string,
  names = 'IP:127.0.0.1,DNS:localhost',
): Promise<Certificates> {
  const at = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory })
  await openssl('req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.pem', ...subject('ca'))
  await openssl('req', ...KEY, '-keyout', 'tls.key', '-out', 'tls.csr', ...subject('localhost'))
  await writeFile(at('names.cnf'), `subjectAltName=${names}\n`)
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names.cnf']
  await openssl('x509', '-req', '-in', 'tls.csr', '-out', 'tls.pem', '-days', '2', ...signing)
  const ca = await readFile(at('ca.pem'), 'utf8')
  return { ca, caFile: at('ca.pem'), certificate: at('tls.pem'), key: at('tls.key') }
}

function subject(name: string): string[] {
  return ['-subj', `/CN=waybill test ${name}`, '-days', '2']
}
