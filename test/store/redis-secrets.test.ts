import { describe, expect, test } from '@jest/globals'
import { staticSettings } from '../../src/config/schema/static.ts'
import { StartError } from '../../src/errors.ts'
import { readSecrets, rotatingSecrets } from '../../src/store/redis-secrets.ts'
import { fakeLog } from './fakes.ts'

const settingsOf = (redis: object) => {
  const settings = staticSettings.parse({ store: { kind: 'redis', redis } }).store.redis
  if (settings === undefined) throw new Error('no section')
  return settings
}
const echo = (key: string, file: string) => ` ${key} of ${file}\n`

describe('secrets of Redis', () => {
  test('none are asked for', () => {
    expect(readSecrets(settingsOf({}), echo)).toEqual({})
  })

  test('passwords of the server and of the Sentinels, without the end of their line', () => {
    const sentinel = { name: 'main', nodes: ['a:1'], passwordFile: 'there' }
    expect(readSecrets(settingsOf({ passwordFile: 'here', sentinel }), echo)).toEqual({
      password: 'redis.passwordFile of here',
      sentinelPassword: 'redis.sentinel.passwordFile of there',
    })
  })

  test('TLS without files', () => {
    const sentinel = { name: 'main', nodes: ['a:1'], tls: { serverName: 'sentinel' } }
    expect(readSecrets(settingsOf({ tls: {}, sentinel }), echo)).toEqual({
      tls: {},
      sentinelTls: { servername: 'sentinel' },
    })
  })

  test.each([
    ['redis.tls', { tls: { caFile: 'ca' } }],
    ['redis.sentinel.tls', { sentinel: { name: 'main', nodes: ['a:1'], tls: { caFile: 'ca' } } }],
  ])('%s: what is no PEM is an error that does not quote it', (at, redis) => {
    const reading = () => readSecrets(settingsOf(redis), () => '-----BEGIN CERTIFICATE-----\nsecret')
    expect(reading).toThrow(StartError)
    expect(reading).toThrow(`store.${at}: its files hold no PEM`)
    expect(reading).not.toThrow(/secret/)
  })

  test('each connection reads them again', () => {
    let password = 'one'
    const secrets = rotatingSecrets({ password: 'first' }, () => ({ password }), fakeLog())
    expect(secrets()).toEqual({ password: 'one' })
    password = 'two'
    expect(secrets()).toEqual({ password: 'two' })
  })

  test.each([
    [
      new StartError('store.redis.passwordFile x: there is no such file'),
      'store.redis.passwordFile x: there is no such file',
    ],
    [new RangeError('with a secret'), 'RangeError'],
  ])('what cannot be read is told, and the last goes on: %s', (error, reason) => {
    const log = fakeLog()
    const read = () => {
      throw error
    }
    expect(rotatingSecrets({ password: 'first' }, read, log)()).toEqual({ password: 'first' })
    expect(log.lines).toEqual([`warn store.secrets-unreadable ${JSON.stringify({ reason })}`])
  })
})
