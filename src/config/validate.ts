import type { z } from 'zod'
import type { SettingsProblem } from '../errors.ts'
import { explainIssue, isMisspelt } from './explain.ts'

export type Validated<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] }

/**
 * Checks a parsed file against its schema and fills in the defaults.
 * @param elsewhere keys that belong to the other file, so that the message can say so
 * @returns every problem with its path, in sentences for the person who wrote the file
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  elsewhere: { readonly keys: readonly string[]; readonly file: string } = { keys: [], file: '' },
): Validated<z.output<S>> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return { ok: true, value: parsed.data }
  const about = { schema, value, elsewhere }
  const { issues } = parsed.error
  const problems = issues
    .filter((issue) => !isMisspelt(issue, issues, about))
    .flatMap((issue) => explainIssue(issue, about))
  return { ok: false, problems }
}
