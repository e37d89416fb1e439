import { LRUCache } from 'lru-cache'
import type { Facts, NetworkFact } from '../../model.ts'
import type { NetworkPlaces } from '../../ports.ts'
import type { Classify } from '../network/classify.ts'

/** Looks the network of an address up; the same object for the same address as long as it is remembered. */
export type FindNetwork = (address: Facts['address']) => NetworkFact

/** Addresses come back: a client sends many requests, and many clients share a few addresses. */
const MAX_REMEMBERED = 10_000

const UNKNOWN: NetworkFact = Object.freeze({
  country: undefined,
  asn: undefined,
  class: 'unknown',
  city: undefined,
})

/**
 * Country, autonomous system and class of the client's address. Of an address that may be a proxy's
 * (`isUntrusted`) nothing is said: its network is not the client's.
 */
export function compileNetwork(places: NetworkPlaces, classify: Classify): FindNetwork {
  const remembered = new LRUCache<string, NetworkFact>({ max: MAX_REMEMBERED })
  return ({ ip, isUntrusted }) => {
    if (ip === undefined || isUntrusted) return UNKNOWN
    const known = remembered.get(ip)
    if (known !== undefined) return known
    const { country, asn, city } = places.find(ip)
    const fact = Object.freeze({ country, asn, class: classify(ip, asn), city })
    remembered.set(ip, fact)
    return fact
  }
}
