import { expect, test } from '@jest/globals'
import { FAILURES, type FailureCode } from '../../src/errors.ts'
import type { Subject } from '../../src/model.ts'
import { sampleCheck } from '../support/edge-samples.ts'
import { answer, deny } from './answering.ts'

/** docs/answers.md: what stands in the record to explain a refusal is never told to the caller. */
const MARK = 'planted-detail'

test.each(Object.keys(FAILURES) as FailureCode[])('%s: no detail reaches the caller', (failure) => {
  const told: Subject = { state: 'refused', failure, scheme: 'DPoP', detail: MARK }
  const silent: Subject = { state: 'refused', failure, scheme: 'DPoP' }
  for (const form of ['problem', 'grpc', 'grpc-web', 'connect', 'html', 'text'] as const) {
    const check = sampleCheck({ form })
    const made = answer(deny(failure), told, check)
    expect(JSON.stringify(made)).not.toContain(MARK)
    expect(made).toEqual(answer(deny(failure), silent, check))
  }
})
