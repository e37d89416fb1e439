import type { ClientSettings, IdentitySettings, IssuerSettings } from '../config/schema/identity.ts'
import { type Refused, refused } from '../identity/contract.ts'
import { claimed, configured } from '../lib/claimed.ts'
import type { Actor, Registration } from '../model.ts'
import { actorsOf } from './actors.ts'
import type { AccessClaims } from './claims.ts'

/** One client of one issuer, as `identity.clients` lists it. */
export interface ListedClient {
  readonly registration: Registration
  /** Audiences of ours that its tokens may name; undefined: any. */
  readonly audiences: ReadonlySet<string> | undefined
}

/** The clients of one issuer: a client id is a name that one issuer gave. */
export interface Clients {
  readonly listed: ReadonlyMap<string, ListedClient>
  /** A client or actor that is not listed is refused. */
  readonly isClosed: boolean
  /** Whether the actor is listed as a client of the issuer that knows it. */
  readonly isActorListed: (actor: Actor) => boolean
}

export const NO_CLIENTS: Clients = { listed: new Map(), isClosed: false, isActorListed: () => false }

/** Without `issuer` a client is that of the only issuer; semantic checks see to it that there is no other. */
export function clientsOf(settings: IdentitySettings, { issuer }: IssuerSettings): Clients {
  const own = settings.clients.filter((client) => client.issuer === undefined || client.issuer === issuer)
  return {
    listed: new Map(own.map((client) => [client.id, listedClient(client)])),
    isClosed: settings.unlistedClients === 'refuse',
    isActorListed: ({ subject, issuer: knower = issuer }) =>
      settings.clients.some((client) => client.id === subject && (client.issuer ?? issuer) === knower),
  }
}

const listedClient = ({ kind, owner, audiences }: ClientSettings): ListedClient => ({
  registration: Object.freeze({ kind, ...(owner === undefined ? {} : { owner }) }),
  audiences: audiences === undefined ? undefined : new Set(audiences),
})

/**
 * Why the client of a verified token may not use it here. Asked after the signature: whether a client is listed is told to
 * nobody who has no token of its issuer.
 * @param ours the audiences that the issuer's tokens may name: what a token says to others is none of our business
 */
export function clientRefusal(
  { client, act, iss, raw }: Pick<AccessClaims, 'client' | 'act' | 'iss' | 'raw'>,
  { listed, isClosed, isActorListed }: Clients,
  ours: ReadonlySet<string>,
): Refused | undefined {
  const found = listed.get(client)
  if (found === undefined) {
    return isClosed ? refused('identity.client.unlisted', `client_id is ${claimed(client)}`) : undefined
  }
  // Whoever acts for a user is a caller as well. Only the current actor counts (RFC 8693 section 4.1).
  const [actor] = actorsOf(act)
  if (isClosed && actor !== undefined && !isActorListed(actor)) {
    const detail = `act.sub is ${claimed(actor.subject)}, known to ${claimed(actor.issuer ?? iss)}`
    return refused('identity.client.unlisted', detail)
  }
  const { audiences } = found
  if (audiences === undefined) return undefined
  // A token for two of our audiences opens both, so the client must be allowed both.
  const named: readonly unknown[] = Array.isArray(raw['aud']) ? raw['aud'] : [raw['aud']]
  const excess = named.find((name) => typeof name === 'string' && ours.has(name) && !audiences.has(name))
  if (excess === undefined) return undefined
  const detail = `client ${claimed(client)}, aud ${claimed(excess)}; it may use ${configured(audiences)}`
  return refused('identity.client.audience', detail)
}
