/** What scripts/compile-validators.mjs makes of schemas/plan.schema.json. */

/** One thing that the schema refuses, as ajv says it. */
export interface Problem {
  /** JSON pointer to the value. */
  readonly instancePath: string
  readonly message?: string
}

export declare function check(value: unknown): readonly Problem[]
