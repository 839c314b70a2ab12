/**
 * Makes the image that ships in examples/hello: an OCI layout with two versions of one small
 * image for two platforms. `node scripts/make-example.mjs` writes the same bytes every time.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

const root = new URL('../examples/hello/layout', import.meta.url).pathname
const EPOCH = new Date(0)
const TYPE = 'application/vnd.oci.image'

const digestOf = bytes => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

function put(bytes, mediaType) {
  const digest = digestOf(bytes)
  writeFileSync(join(root, 'blobs/sha256', digest.slice(7)), bytes)
  return { mediaType, digest, size: bytes.length }
}

const putJson = (value, mediaType) => put(Buffer.from(JSON.stringify(value)), mediaType)

async function tar(files) {
  const archive = pack()
  for (const [name, text] of Object.entries(files)) {
    archive.entry({ name, mtime: EPOCH, mode: 0o644, uid: 0, gid: 0 }, text)
  }
  archive.finalize()
  const chunks = []
  for await (const chunk of archive) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function image(version, architecture) {
  const files = [
    await tar({ 'hello.txt': 'Hello from an image that waybill moved.\n' }),
    await tar({ 'version.txt': `${version} for linux/${architecture}\n` }),
  ]
  const layers = files.map(file => put(gzipSync(file, { level: 9 }), `${TYPE}.layer.v1.tar+gzip`))
  const config = putJson(
    {
      created: EPOCH.toISOString(),
      architecture,
      os: 'linux',
      config: { Labels: { 'org.opencontainers.image.version': version } },
      rootfs: { type: 'layers', diff_ids: files.map(digestOf) },
      history: [{ created_by: 'COPY hello.txt /' }, { created_by: 'COPY version.txt /' }],
    },
    `${TYPE}.config.v1+json`,
  )
  const mediaType = `${TYPE}.manifest.v1+json`
  const manifest = putJson({ schemaVersion: 2, mediaType, config, layers }, mediaType)
  return { ...manifest, platform: { os: 'linux', architecture } }
}

async function index(version) {
  const mediaType = `${TYPE}.index.v1+json`
  const manifests = [await image(version, 'amd64'), await image(version, 'arm64')]
  const named = { 'org.opencontainers.image.ref.name': `hello:${version}` }
  return { ...putJson({ schemaVersion: 2, mediaType, manifests }, mediaType), annotations: named }
}

rmSync(root, { recursive: true, force: true })
mkdirSync(join(root, 'blobs/sha256'), { recursive: true })
writeFileSync(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}\n')
const manifests = [await index('1.0'), await index('1.1')]
writeFileSync(join(root, 'index.json'), `${JSON.stringify({ schemaVersion: 2, manifests })}\n`)
