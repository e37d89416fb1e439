import { describe, expect, test } from '@jest/globals'
import { readingsOf } from '../src/readings.ts'
import type { Snapshot } from '../src/snapshot.ts'
import type { IssuerKeyState } from '../src/tokens/key-ring.ts'

const HOLDS: IssuerKeyState = { issuer: 'https://idp', use: 'sig', state: 'loaded', keys: 1, ageSeconds: 7 }

function told(tokens: readonly IssuerKeyState[], postures?: readonly IssuerKeyState[]): string[] {
  const snapshot = {
    hash: 'abc',
    tokens: { state: () => tokens },
    postures: postures && { state: () => postures },
  } as unknown as Snapshot
  return readingsOf(snapshot).map(
    ({ name, value, labels }) => `${name} ${Object.values(labels).join(' ')} ${value}`,
  )
}

test('before a configuration is in use there is nothing to tell', () => {
  expect(readingsOf(undefined)).toEqual([])
})

test('the hash of the configuration in use, and every set of keys under its issuer and use', () => {
  const other = { ...HOLDS, issuer: 'https://mesh', use: 'jwt-svid' } as const
  expect(told([HOLDS, other], [{ ...HOLDS, ageSeconds: 2 }])).toEqual([
    'vigil_config_info abc 1',
    'vigil_keys_state https://idp access-token 0',
    'vigil_keys_age_seconds https://idp access-token 7',
    'vigil_keys_state https://mesh jwt-svid 0',
    'vigil_keys_age_seconds https://mesh jwt-svid 7',
    'vigil_keys_state https://idp posture 0',
    'vigil_keys_age_seconds https://idp posture 2',
  ])
})

describe('the state of keys', () => {
  test.each<[string, Partial<IssuerKeyState>, number]>([
    ['fresh', {}, 0],
    ['old because nobody asked for them', { state: 'stale' }, 0],
    ['old because they could not be read again', { state: 'stale', lastFailure: 'down' }, 1],
    ['fresh again, the failure is over', { state: 'loaded', lastFailure: 'down' }, 0],
    ['never loaded, or too old', { state: 'unavailable', lastFailure: 'down' }, 2],
  ])('%s', (_name, state, value) => {
    expect(told([{ ...HOLDS, ...state }])).toContain(`vigil_keys_state https://idp access-token ${value}`)
  })

  test('keys that stand in the configuration have no age', () => {
    const { ageSeconds: _, ...fixed } = HOLDS
    expect(told([fixed])).toEqual(['vigil_config_info abc 1', 'vigil_keys_state https://idp access-token 0'])
  })
})
