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
  /** The actor, as a client of the issuer that knows it. */
  readonly actorOf: (actor: Actor) => ListedClient | undefined
}

export const NO_CLIENTS: Clients = { listed: new Map(), isClosed: false, actorOf: () => undefined }

/** Without `issuer` a client is that of the only issuer; semantic checks see to it that there is no other. */
export function clientsOf(settings: IdentitySettings, { issuer }: IssuerSettings): Clients {
  const byIssuer = Map.groupBy(settings.clients, (client) => client.issuer ?? issuer)
  const listings = new Map(
    [...byIssuer].map(([knower, known]) => [
      knower,
      new Map(known.map((client) => [client.id, listedClient(client)])),
    ]),
  )
  return {
    listed: listings.get(issuer) ?? new Map(),
    isClosed: settings.unlistedClients === 'refuse',
    actorOf: ({ subject, issuer: knower = issuer }) => listings.get(knower)?.get(subject),
  }
}

const listedClient = ({ kind, owner, audiences }: ClientSettings): ListedClient => ({
  registration: Object.freeze({ kind, ...(owner === undefined ? {} : { owner }) }),
  audiences: audiences === undefined ? undefined : new Set(audiences),
})

/**
 * Why the client of a verified token, or who acts for its user, may not use it here. Asked after the signature: whether a
 * client is listed is told to nobody who has no token of its issuer.
 * @param ours the audiences that the issuer's tokens may name: what a token says to others is none of our business
 */
export function clientRefusal(
  { client, act, iss, raw }: Pick<AccessClaims, 'client' | 'act' | 'iss' | 'raw'>,
  { listed, isClosed, actorOf }: Clients,
  ours: ReadonlySet<string>,
): Refused | undefined {
  const found = listed.get(client)
  if (isClosed && found === undefined) {
    return refused('identity.client.unlisted', `client_id is ${claimed(client)}`)
  }
  // Whoever acts for a user is a caller as well. Only the current actor counts (RFC 8693 section 4.1).
  const [actor] = actorsOf(act)
  const acting = actor && actorOf(actor)
  if (isClosed && actor !== undefined && acting === undefined) {
    const detail = `act.sub is ${claimed(actor.subject)}, known to ${claimed(actor.issuer ?? iss)}`
    return refused('identity.client.unlisted', detail)
  }
  const named: readonly unknown[] = Array.isArray(raw['aud']) ? raw['aud'] : [raw['aud']]
  const open = named.filter((name) => typeof name === 'string' && ours.has(name))
  return (
    audienceRefusal(`client ${claimed(client)}`, found, open) ??
    (actor && audienceRefusal(`act.sub ${claimed(actor.subject)}`, acting, open))
  )
}

/** A token for two of our audiences opens both, so whoever uses it must be allowed both. */
function audienceRefusal(
  who: string,
  client: ListedClient | undefined,
  open: readonly unknown[],
): Refused | undefined {
  const audiences = client?.audiences
  if (audiences === undefined) return undefined
  const excess = open.find((name) => !audiences.has(String(name)))
  if (excess === undefined) return undefined
  const detail = `${who}, aud ${claimed(excess)}; it may use ${configured(audiences)}`
  return refused('identity.client.audience', detail)
}
