import { expect } from 'vitest'
import { digestOf } from '../../../src/oci/digest.ts'
import { OCI_CONFIG } from '../../../src/oci/media-types.ts'
import { isReferring } from '../../../src/stores/store.ts'
import { imageOf, writeImage } from '../../stores/content.ts'
import type { Keeps } from './cases.ts'

export function referring(keeps: Keeps): void {
  keeps('knows what refers to a manifest', async ({ store, repository, seed }) => {
    if (!isReferring(store)) throw new Error(`${store.name} tells of no referrers`)
    const subject = imageOf(seed)
    const annotations = { 'org.example.seed': seed }
    const signature = imageOf(`${seed} sig`, {
      subject: subject.content,
      artifactType: 'application/vnd.example.signature',
      annotations,
    })
    const sbom = imageOf(`${seed} sbom`, { subject: subject.content })
    await writeImage(store, repository, subject, [])
    expect(await store.referrers(repository, subject.content.digest)).toEqual([])

    await writeImage(store, repository, signature, [])
    await writeImage(store, repository, sbom, ['sbom'])
    const found = await store.referrers(repository, subject.content.digest)
    expect(found.toSorted((a, b) => a.size - b.size)).toEqual([
      { ...sbom.content, artifactType: OCI_CONFIG },
      { ...signature.content, artifactType: 'application/vnd.example.signature', annotations },
    ])
    expect(await store.referrers(repository, sbom.content.digest)).toEqual([])
  })

  keeps('takes a referrer before its subject', async ({ store, repository, seed }) => {
    if (!isReferring(store)) throw new Error(`${store.name} tells of no referrers`)
    const subject = imageOf(seed)
    const signature = imageOf(`${seed} sig`, { subject: subject.content })
    await writeImage(store, repository, signature, [])
    const found = await store.referrers(repository, subject.content.digest)
    expect(found.map(({ digest }) => digest)).toEqual([digestOf(signature.bytes)])
  })
}
