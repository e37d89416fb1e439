import { expect, test } from '@jest/globals'
import { sentenceOf } from '../../envoy/demo/log.ts'

test('a log line is told in words', () => {
  const line = {
    level: 'error',
    time: '2026-11-27T12:00:00.000Z',
    problem: 'vigil.yaml:3:5: effect is missing',
    problems: 2,
    event: 'configuration refused',
  }
  expect(sentenceOf(JSON.stringify(line))).toBe(
    'error: configuration refused (problem: vigil.yaml:3:5: effect is missing, problems: 2)',
  )
  expect(sentenceOf('{"level":"error","event":"e","problems":["a","b"],"count":2}')).toBe(
    'error: e (problems: a; b, count: 2)',
  )
  expect(sentenceOf('{"level":"warn","time":"t","event":"store.connection-lost"}')).toBe(
    'warn: store.connection-lost',
  )
})

test.each([
  'Error: out of memory',
  '{"half":',
  '17',
  'null',
  '{"no":"event"}',
])('%s stays as it is', (line) => {
  expect(sentenceOf(line)).toBe(line)
})
