import type { SurveyedImage } from '../images/survey.ts'
import type { Shell } from './command.ts'

/** What could not be read is in the list all the same; 1 where there is any. */
export async function tellProblems(
  images: readonly SurveyedImage[],
  { stderr }: Shell,
): Promise<number> {
  const { problemsOf } = await import('../images/survey.ts')
  const { describeError } = await import('../report/errors.ts')
  const { color } = stderr
  const problems = problemsOf(images)
  for (const { image, problem } of problems) {
    stderr.write(`${image}: ${describeError(problem, { color })}`)
  }
  return problems.length > 0 ? 1 : 0
}
