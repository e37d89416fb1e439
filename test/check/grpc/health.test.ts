import { describe, expect, test } from '@jest/globals'
import { Health } from '../../../src/check/grpc/health.ts'
import { SERVICE } from '../../../src/check/transport.ts'

const asking = (service: string) => Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)])
const [NOBODY, SERVING, NOT_SERVING, UNKNOWN] = [Buffer.alloc(0), '0801', '0802', '0803']
const hex = (answer: unknown) => (Buffer.isBuffer(answer) ? answer.toString('hex') : answer)

function watch(health: Health, request: Buffer) {
  const told: string[] = []
  const stop = health.watch(request, (response) => told.push(response.toString('hex')))
  return { told, stop: () => typeof stop === 'function' && stop() }
}

describe('Check', () => {
  test('the server and the service have one state, which begins as NOT_SERVING', () => {
    const health = new Health()
    const both = () => [NOBODY, asking(''), asking(SERVICE)].map((request) => hex(health.check(request)))
    expect(both()).toEqual([NOT_SERVING, NOT_SERVING, NOT_SERVING])
    health.setServing(true)
    expect(both()).toEqual([SERVING, SERVING, SERVING])
    health.setServing(false)
    expect(both()).toEqual([NOT_SERVING, NOT_SERVING, NOT_SERVING])
  })

  test('another service is not found; what is no request is an error', () => {
    const health = new Health()
    expect(health.check(asking('other'))).toMatchObject({ code: 5 })
    expect(health.check(Buffer.from('0aff', 'hex'))).toMatchObject({ code: 13 })
    expect(health.watch(Buffer.from('0aff', 'hex'), () => undefined)).toMatchObject({ code: 13 })
  })

  test('fields of later versions are skipped', () => {
    expect(hex(new Health().check(Buffer.concat([asking(''), Buffer.from('1005', 'hex')])))).toBe(NOT_SERVING)
  })
})

describe('Watch', () => {
  test('tells at once, then each change once, until it is stopped', () => {
    const health = new Health()
    const { told, stop } = watch(health, asking(SERVICE))
    for (const isServing of [false, true, true, false]) health.setServing(isServing)
    expect(told).toEqual([NOT_SERVING, SERVING, NOT_SERVING])
    stop()
    health.setServing(true)
    expect(told).toHaveLength(3)
  })

  test('of an unknown service says SERVICE_UNKNOWN and goes on', () => {
    const health = new Health()
    const { told } = watch(health, asking('other'))
    health.setServing(true)
    expect(told).toEqual([UNKNOWN])
  })
})
