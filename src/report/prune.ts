import type { SurveyedImage } from '../images/survey.ts'
import { describeRows, type ImagesLook } from './images.ts'

/** What is to go, as `images` lists it. */
export function describePrune(
  images: readonly SurveyedImage[],
  look: Pick<ImagesLook, 'columns' | 'color' | 'now'>,
): string {
  return `${describeRows(images, { ...look, digests: false, noTrunc: false }).join('\n')}\n`
}
