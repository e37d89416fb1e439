import { z } from 'zod'
import { ruleSettings } from './decision.ts'

/** `policy/*.yaml` beside `vigil.yaml`: rules of one team. Reloaded live with it. */
export const policyFileSettings = z.strictObject({
  priority: z
    .number()
    .int()
    .describe(
      'Files with a smaller number come first. The rules of `vigil.yaml` itself have 0; no two files have the same.',
    ),
  owner: z.string().min(1).optional().describe('Whose rules these are, where a rule does not say.'),
  rules: z.array(ruleSettings).describe('Ordered rules, as in `policy` of `vigil.yaml`.'),
})

export type PolicyFileSettings = z.output<typeof policyFileSettings>
