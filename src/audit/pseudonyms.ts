import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { SinkSettings } from '../config/schema/audit.ts'
import { normaliseCidr, parseForwardedIp } from '../lib/ip.ts'
import type { Altered } from './altered.ts'

type Field = SinkSettings['pseudonyms'][number]

/** 128 bits: enough that two values never share a pseudonym. */
const LENGTH = 22
const MOST_KEPT = 10_000

/**
 * Gives pseudonyms: HMAC-SHA-256 under a key that no reader of records has, so that nobody can try values out.
 * What it is given is the value and what it is of, from the kind on: equal ones get equal pseudonyms, in every replica.
 */
export type Naming = (...material: readonly string[]) => string

/** @param key `InstanceKeys.pseudonym`; the same for all sinks, so that their records can be put side by side */
export function createNaming(key: Buffer): Naming {
  const kept = new LRUCache<string, string>({ max: MOST_KEPT })
  return (...material) => {
    const text = JSON.stringify(material)
    const known = kept.get(text)
    if (known !== undefined) return known
    const made = `p-${createHmac('sha256', key).update(text).digest('base64url').slice(0, LENGTH)}`
    kept.set(text, made)
    return made
  }
}

/** What a sink shows instead of what was seen. Each gives back what it was given where the settings leave it as it is. */
export interface Disguise {
  readonly altered: Altered
  readonly hides: (field: Field) => boolean
  readonly name: Naming
  address(ip: string): string
  /** Addresses in a longer text, such as a header. */
  addressesIn(text: string): string
}

/** @returns undefined when the settings show everything as it is. */
export function createDisguise(
  { pseudonyms, addresses }: Pick<SinkSettings, 'pseudonyms' | 'addresses'>,
  name: Naming,
): Disguise | undefined {
  if (pseudonyms.length === 0 && addresses === 'full') return undefined
  const hidden = new Set(pseudonyms)
  const address = (ip: string): string => {
    if (addresses === 'full') return ip
    return addresses === 'prefix' ? prefixOf(ip) : name('address', ip)
  }
  return {
    altered: {
      pseudonyms: pseudonyms.length === 0 ? undefined : [...hidden].sort(),
      addresses: addresses === 'full' ? undefined : addresses,
    },
    hides: (field) => hidden.has(field),
    name,
    address,
    addressesIn: (text) =>
      addresses === 'full' ? text : text.replace(TOKEN, (token) => ipOf(token, address) ?? token),
  }
}

/** What stands between the separators of header values, those of `forwarded` (RFC 7239) included. */
const TOKEN = /[^,;="\s]+/g

function ipOf(token: string, address: (ip: string) => string): string | undefined {
  const ip = parseForwardedIp(token)
  return ip === undefined ? undefined : address(ip)
}

/** `203.0.113.0/24`, `2001:db8:1::/48`: the network of a site, not of a person. */
const prefixOf = (ip: string): string => normaliseCidr(`${ip}/${ip.includes(':') ? 48 : 24}`) ?? 'unknown'
