import { expect, test } from '@jest/globals'
import { describeWithHelm } from '../../harness/tools.ts'
import { refusal, render } from './helm.ts'
import { MINIMAL, over } from './values.ts'

/** What is wrong, values laid over the minimal ones, and what the refusal tells to do. */
export type Refused = readonly (readonly [what: string, values: object, advice: RegExp])[]

/** What is right, and values laid over the minimal ones. */
export type Accepted = readonly (readonly [what: string, values: object])[]

/** One test for each row, with both majors of Helm. */
export function describeRefusals(refused: Refused, accepted: Accepted): void {
  describeWithHelm('the chart refuses', (helm) => {
    test.each(refused)('%s: %j', (_, values, advice) => {
      const said = refusal(helm, over(MINIMAL, values as Record<string, unknown>))
      expect(said).toContain('vigil cannot be installed like this')
      expect(said).toMatch(advice)
      // One fault is told as one.
      expect(said.match(/^- /gm)).toHaveLength(1)
    })
  })

  describeWithHelm('the chart accepts', (helm) => {
    test.each(accepted)('%s: %j', (_, values) => {
      expect(() => render(helm, over(MINIMAL, values as Record<string, unknown>))).not.toThrow()
    })
  })
}
