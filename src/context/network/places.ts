import type { Buffer } from 'node:buffer'
import { Reader } from 'mmdb-lib'
import type { CityFact } from '../../model.ts'
import type { NetworkPlaces } from '../../ports.ts'
import { type AsnTable, asnOf } from './asn-table.ts'

/** Looks one member of an address's place up; undefined: not known. May throw when its data are broken. */
export type Lookup<T> = (ip: string) => T | undefined

export const asnFromTable =
  (table: AsnTable): Lookup<number> =>
  (ip) =>
    asnOf(table, ip)

type Tree = Record<string, unknown>

/** @throws when the bytes are no mmdb */
function openMmdb(bytes: Buffer): (ip: string) => Tree | undefined {
  const reader = new Reader<never>(bytes)
  return (ip) => (reader.get(ip) as Tree | null) ?? undefined
}

const COUNTRY = /^[A-Z]{2}$/

/** As MaxMind and DB-IP write it (`country.iso_code`), as IPtoASN does (`country_code`), as IPinfo does (`country`). */
export function countryIn(found: Tree | undefined): string | undefined {
  const country = found?.['country']
  const isTree = typeof country === 'object' && country !== null
  const code = isTree ? (country as Tree)['iso_code'] : (found?.['country_code'] ?? country)
  return typeof code === 'string' && COUNTRY.test(code) ? code : undefined
}

const AS_NUMBER = /^AS(\d{1,10})$/

/** As MaxMind and DB-IP write it (`autonomous_system_number`), as IPinfo does (`asn`: `AS64500`). */
export function asnIn(found: Tree | undefined): number | undefined {
  const asn = found?.['autonomous_system_number'] ?? found?.['asn']
  const number = typeof asn === 'string' ? Number(AS_NUMBER.exec(asn)?.[1]) : asn
  return typeof number === 'number' && Number.isInteger(number) && number > 0 ? number : undefined
}

const MAX_NAME = 64
/** Letters, marks, digits and what names of cities hold besides; a record shows it as it stands. */
const CITY = /^[\p{L}\p{M}\p{N} .,'’()/-]+$/u

/** As MaxMind and DB-IP write it (`city.names.en`, `location`), or flat (`city`, `latitude`, `longitude`). */
export function cityIn(found: Tree | undefined): CityFact | undefined {
  const name = nameIn(found?.['city'])
  const location = treeOf(found?.['location']) ?? found
  const latitude = degrees(location?.['latitude'], 90)
  const longitude = degrees(location?.['longitude'], 180)
  const isPlaced = latitude !== undefined && longitude !== undefined
  if (name === undefined && !isPlaced) return undefined
  return isPlaced ? { name, latitude, longitude } : { name, latitude: undefined, longitude: undefined }
}

const treeOf = (value: unknown): Tree | undefined =>
  typeof value === 'object' && value !== null ? (value as Tree) : undefined

function nameIn(city: unknown): string | undefined {
  const names = treeOf(treeOf(city)?.['names'])
  const name = names === undefined ? city : (names['en'] ?? Object.values(names)[0])
  return typeof name === 'string' && name.length <= MAX_NAME && CITY.test(name) ? name : undefined
}

/** Flat files write numbers as text. */
function degrees(value: unknown, most: number): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Math.abs(number) <= most ? number : undefined
}

/** @throws when the bytes are no mmdb */
export function cityFromMmdb(bytes: Buffer): Lookup<CityFact> {
  const find = openMmdb(bytes)
  return (ip) => cityIn(find(ip))
}

/** @throws when the bytes are no mmdb */
export function countryFromMmdb(bytes: Buffer): Lookup<string> {
  const find = openMmdb(bytes)
  return (ip) => countryIn(find(ip))
}

/** @throws when the bytes are no mmdb */
export function asnFromMmdb(bytes: Buffer): Lookup<number> {
  const find = openMmdb(bytes)
  return (ip) => asnIn(find(ip))
}

interface Lookups {
  readonly country: Lookup<string> | undefined
  readonly asn: Lookup<number> | undefined
  readonly city: Lookup<CityFact> | undefined
}

/** @returns places that never throw: where the data are broken, the member is missing */
export const placesOf = ({ country, asn, city }: Lookups): NetworkPlaces => ({
  find: (ip) => ({ country: safely(country, ip), asn: safely(asn, ip), city: safely(city, ip) }),
})

function safely<T>(lookup: Lookup<T> | undefined, ip: string): T | undefined {
  try {
    return lookup?.(ip)
  } catch {
    return undefined // Decided here: the fact is missing (docs/failures.md).
  }
}
