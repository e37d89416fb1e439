import { readFileSync } from 'node:fs'
import { reportOn } from '../report.ts'
import type { Act, Scene } from '../scene.ts'
import { observingAct } from './observing.ts'
import { policyAct } from './policy.ts'

/** The scenes of observe mode and of the rule in shadow leave so many. */
const OBSERVED = 2
const SHADOWED = 1
/** Of its tables: from when to when, all requests, the rules on trial. */
const KEY_SECTIONS = 3

const report: Scene = {
  name: 'The report',
  request: '`vigil report` over the records of all these requests; Vigil itself need not run',
  expected: 'it counts what observe mode and the shadow rule let pass, and writes a page',
  play: async ({ files }) => {
    const { text, summary, page } = await reportOn(files)
    const { records, observed, shadowRefused } = summary
    const hasPage = readFileSync(page, 'utf8').startsWith('<!doctype html>')
    return {
      got: `${records} requests: ${observed} passed only because of observe mode, ${shadowRefused} would be refused by a rule on trial`,
      why: 'Before a rule or enforce mode goes live, the records say who would be hit.',
      isAsExpected: observed === OBSERVED && shadowRefused === SHADOWED && hasPage,
      lines: [
        '',
        ...text.split('\n\n').slice(0, KEY_SECTIONS).join('\n\n').split('\n'),
        '',
        `The whole report as a page: ${page}`,
      ],
    }
  },
}

export const reportAct: Act = {
  title: 'What do the records say?',
  scenes: [report],
  needs: [observingAct, policyAct],
}
