import { z } from 'zod'
import type { NetworkFact, Past } from '../../model.ts'
import { featureOf, habitOf, type Novelty, noveltyOf } from '../novelty.ts'
import { defineSignal, type Evidence, QUIET } from '../signal.ts'

/** Of country and system together; being with a hoster comes on top. */
const CAP_PLACE = 4
/** How much of what is known of a place is known of its system, and how much of its country (they are no two facts). */
const OF_SYSTEM = 0.7
const OF_COUNTRY = 0.3

const settings = z.strictObject({
  beta: habitOf('a network'),
  hostingNats: z
    .number()
    .min(0)
    .max(6)
    .default(2)
    .describe('What a new network adds for a user when it belongs to a hoster or a VPN.'),
})

export default defineSignal({
  id: 'new-network',
  summary: 'The address lies in a network or country from which this identity has never come.',
  reasons: {
    country: 'This identity has never come from this country.',
    system: 'This identity has never come from this autonomous system; the country is known or not told.',
    hosting: 'The new network is one of a hoster or a VPN, and the caller is a person.',
  },
  cap: 6,
  looksBack: true,
  settings,
  evaluate({ subject, facts, past }, { beta, hostingNats }) {
    const system = noveltyOf(past, 'network')
    if (system === 'known') return QUIET
    const country = noveltyOf(past, 'country')
    if (system !== 'new' && country !== 'new') return QUIET
    const place = placeEvidence(past, system === 'new' ? 'network' : 'country', country, beta, facts.network)
    const isHosted = facts.network.class === 'hosting' || facts.network.class === 'vpn'
    const isPerson = subject.state === 'identified' && subject.credential.kind === 'user'
    if (system !== 'new' || !isHosted || !isPerson) return [place]
    return [place, { reason: 'hosting', nats: hostingNats, detail: { class: facts.network.class } }]
  },
})

/**
 * -ln of how likely the place was: of what is known a part is known of the system, a part of the country. In a country
 * that this identity always comes from a new system is at most 1.2 nats: people are on the move.
 */
function placeEvidence(
  past: Past,
  counted: 'network' | 'country',
  country: Novelty,
  beta: number,
  network: NetworkFact,
): Evidence {
  const requests = featureOf(past, counted)?.shown ?? 0
  const unseen = beta / (requests + beta)
  const likely = OF_SYSTEM * unseen + OF_COUNTRY * countryShare(past, country, unseen)
  return {
    reason: country === 'new' ? 'country' : 'system',
    nats: Math.min(CAP_PLACE, Math.max(0, -Math.log(likely))),
    detail: {
      requests,
      ...(network.asn === undefined ? {} : { asn: network.asn }),
      ...(network.country === undefined ? {} : { country: network.country }),
    },
  }
}

/** In which share of its requests this identity came from here. Where no country is told, it may well be the usual one. */
function countryShare(past: Past, country: Novelty, unseen: number): number {
  if (country === 'new') return unseen
  if (country === 'untold') return 1
  const known = featureOf(past, 'country')
  const here = known?.values.find(({ value }) => value === past.shown['country'])
  const share = (here?.count ?? 0) / (known?.shown ?? 1)
  return share >= 0 && share <= 1 ? share : 1
}
