/** Loads an image with a layer of so many bytes into an engine, as a process of its own. */
import { openEngineStore } from '../../support/engine-store.ts'
import { makeImage } from '../../support/images.ts'
import { writeTestImage } from '../../support/put-image.ts'

const [host = '', bytes = ''] = process.argv.slice(2)
const image = await makeImage({ seed: 'large', layers: [{ size: Number(bytes) }] })
await using opened = await openEngineStore({ host })
await writeTestImage(opened.store, 'large/image', image, ['1'])
