import { createHmac, createSecretKey } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { addressGroup } from '../lib/address-group.ts'
import type { Credential, SingleUse } from '../model.ts'

/**
 * Names of what is kept. Nothing of a person is readable in the store: every name is an HMAC-SHA-256 with a key of the
 * instance, and all keys of one identity share its `{tag}`, so that a cluster keeps them on one node. Behind it stands the
 * tenant, where there is one: what is known in one tenant is not known in another, but a use counts in all of them.
 *
 * | key | holds |
 * |---|---|
 * | `p:{identity}:party` | profile; the party is the outermost actor, else the client |
 * | `s:{identity}:session` | session |
 * | `m:{identity}:party:minute` | requests of one minute |
 * | `u:{tag}:use` | a proof or a hop that was used |
 * | `l:{identity}:id:window`, `l:{identity}:session:id:window`, `l:{other}:id:window` | a hard limit's count |
 */
export interface IdentityKeys {
  readonly profile: string
  readonly session: string
  /** Followed by the number of the minute. */
  readonly minute: string
  /** Of limits per subject, session and client, each followed by the limit's id and the window; no client: none. */
  readonly subjectLimit: string
  readonly sessionLimit: string
  readonly clientLimit: string | undefined
}

export interface HistoryKeys {
  /** The same object for the same Credential. */
  of(credential: Credential): IdentityKeys
  /** @param scope for a hop the entrypoint in which it counts; for a proof nothing: it is used up everywhere */
  use(credential: Credential, use: SingleUse, scope: string): string
  /** 8 characters (6 bytes) that stand for a value of a feature, e.g. a device id, of this identity. */
  value(credential: Credential, feature: string, value: string): string
  /** As `value`, for what many identities share and no one is known by, e.g. a country: the same for all of them. */
  common(feature: string, value: string): string
  /** Counts per address and per action. */
  addressLimit(ip: string): string
  actionLimit(action: string): string
  /** Short name of a limit; another window length is another name, because windows are numbered by length. */
  limitId(limit: string, windowSeconds: number): string
}

/** Bytes kept of each HMAC: of names that stand alone, and of names that only tell apart what one identity has. */
const WHOLE = 16
const PART = 12
const VALUE = 6
const LIMIT = 6

/** @param secret `InstanceKeys.store`: at least 32 bytes; another one forgets everything */
export function createHistoryKeys(secret: Uint8Array): HistoryKeys {
  const mac = macWith(secret)
  const known = new WeakMap<Credential, Known>()
  const identities = new LRUCache<string, Known>({ max: 10_000 })
  const addresses = new LRUCache<string, string>({ max: 10_000 })
  const get = (credential: Credential): Known => {
    let found = known.get(credential)
    if (found === undefined) {
      const of = JSON.stringify(namedBy(credential))
      found = identities.get(of) ?? name(credential, mac)
      identities.set(of, found)
      known.set(credential, found)
    }
    return found
  }
  return {
    of: (credential) => get(credential).keys,
    use: (credential, use, scope) =>
      `u:${get(credential).tag}:${mac(WHOLE, 'use', use.kind, use.name, use.kind === 'hop' ? scope : '')}`,
    value: (credential, feature, value) => {
      const identity = get(credential)
      const last = identity.lastValues.get(feature)
      if (last?.value === value) return last.hash
      const hash = mac(VALUE, 'value', identity.home, feature, value)
      identity.lastValues.set(feature, { value, hash })
      return hash
    },
    common: (feature, value) => mac(VALUE, 'value', '', feature, value),
    addressLimit: (ip) => {
      let found = addresses.get(ip)
      if (found === undefined) {
        found = `l:{${mac(WHOLE, 'address', addressGroup(ip))}}:`
        addresses.set(ip, found)
      }
      return found
    },
    actionLimit: (action) => `l:{${mac(WHOLE, 'action', action)}}:`,
    limitId: (limit, windowSeconds) => mac(LIMIT, 'limit', limit, String(windowSeconds)),
  }
}

/**
 * Hangs on the credential, and serves the next token of the same identity, too: callers renew their tokens all day, and show
 * the same device again and again, so its last hash is kept.
 */
interface Known {
  /** Keeps all keys of one issuer's subject on one node. */
  readonly tag: string
  /** The same of one tenant. */
  readonly home: string
  readonly keys: IdentityKeys
  readonly lastValues: Map<string, { readonly value: string; readonly hash: string }>
}

type Mac = (bytes: number, ...parts: readonly (string | undefined)[]) => string

/** All that `name` reads; null for what is absent. */
const namedBy = ({ tenant, issuer, kind, subject, client, actor, session }: Credential) => [
  tenant,
  issuer,
  kind,
  subject,
  client,
  actor && [actor.issuer, actor.subject],
  session.id,
]

function name(credential: Credential, mac: Mac): Known {
  const { tenant, issuer, kind, subject, client, actor, session } = credential
  // Not of the tenant: an entrypoint may be what names it, and a proof that one of them took is used up in all.
  const tag = `{${mac(WHOLE, 'identity', '', issuer, kind, subject)}}`
  const home = tenant === '' ? tag : `${tag}${mac(PART, 'tenant', tenant)}`
  const party =
    actor === undefined
      ? mac(PART, 'client', client)
      : mac(PART, 'actor', actor.issuer ?? issuer, actor.subject)
  const ownSession = mac(PART, 'session', issuer, session.id)
  const keys = {
    profile: `p:${home}:${party}`,
    session: `s:${home}:${ownSession}`,
    minute: `m:${home}:${party}:`,
    subjectLimit: `l:${home}:`,
    sessionLimit: `l:${home}:${ownSession}:`,
    clientLimit: client === undefined ? undefined : `l:{${mac(WHOLE, 'client', tenant, issuer, client)}}:`,
  }
  return { tag, home, keys, lastValues: new Map() }
}

/**
 * Parts are told apart by their lengths, so that no two lists of parts are the same text. UTF-16 because UTF-8 would
 * make all lone surrogates equal, and a claim may hold them (`"\ud800"`).
 */
function macWith(secret: Uint8Array): Mac {
  const key = createSecretKey(secret)
  return (bytes, ...parts) => {
    const text = parts.map((part) => (part === undefined ? '-' : `${part.length}:${part}`)).join('')
    return createHmac('sha256', key).update(text, 'utf16le').digest().toString('base64url', 0, bytes)
  }
}
