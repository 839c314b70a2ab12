/** What scripts/compile-validators.mjs makes of schemas/lock.schema.json. */

/** One thing that the schema refuses, as ajv says it. */
export interface Problem {
  /** JSON pointer to the value. */
  readonly instancePath: string
  /** JSON pointer to the keyword, from the nearest definition that is referred to. */
  readonly schemaPath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
}

export declare function check(value: unknown): readonly Problem[]

/** The keys that each object may have, by its path in the data, `*` for any: `images/*`. */
export declare const keys: Readonly<Record<string, readonly string[]>>
