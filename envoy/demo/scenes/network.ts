import type { Told } from '../ask.ts'
import { type Credential, logIn } from '../credentials.ts'
import { ABROAD, HOME, HOSTER, type Place } from '../places.ts'
import type { AuditRecord } from '../record.ts'
import type { Act, Played, Scene } from '../scene.ts'
import { explain } from '../why.ts'
import { refusal } from './played.ts'

const TRANSFER = { method: 'POST', path: '/v1/accounts/C-300/transfers' } as const

/** What Vigil found out about the address. @throws Error where the packaged network data are not installed */
function whereabouts({ facts, assessment }: AuditRecord): string {
  const { country, asn, class: kind } = facts?.network ?? {}
  if (country === undefined || asn === undefined) {
    const data = 'are the optional packages of network data installed (docs/network.md)?'
    throw new Error(`nothing is known of the address ${facts?.address.ip}: ${data}`)
  }
  return `Vigil saw ${country}, AS${asn} (${kind}), risk ${assessment?.level}`
}

const isSeenAt = ({ facts }: AuditRecord, { ip, country, asn }: Place): boolean =>
  facts?.address.ip === ip && facts.network.country === country && facts.network.asn === asn

/** A refusal that says from where the request came, and that the country was among the worries. */
async function refusedThere(
  told: Told,
  place: Place,
  level: string,
  wanted: Parameters<typeof refusal>[1],
): Promise<Played> {
  const record = await told.record()
  const played = await refusal(told, wanted)
  const findings = record.assessment?.findings.map(({ reason }) => reason) ?? []
  return {
    ...played,
    got: `${played.got}; ${whereabouts(record)}`,
    isAsExpected:
      played.isAsExpected &&
      isSeenAt(record, place) &&
      record.assessment?.level === level &&
      findings.includes('risk.new-network.country') &&
      findings.includes('risk.new-network.hosting') === (level === 'high'),
  }
}

/** Three times the same token: only the place differs. */
function travels(): Scene[] {
  let token: Credential | undefined
  return [
    {
      name: 'From home',
      request: 'carol pays from her home in Germany, from where she has come for weeks',
      expected: '200, risk low',
      play: async ({ client, issuer }) => {
        token = await logIn(issuer.url, { user: 'carol', scopes: ['payments.write'] })
        const told = await client.send({ ...TRANSFER, credential: token, from: HOME })
        const record = await told.record()
        return {
          got: `${told.status}; ${whereabouts(record)}`,
          why: await explain(record),
          isAsExpected: told.status === 200 && isSeenAt(record, HOME) && record.assessment?.level === 'low',
        }
      },
    },
    {
      name: 'From a new country',
      request: 'the same token an instant later, from a home in Brazil',
      expected: 'the risk rises: 401 that asks for a strong login',
      play: async ({ client }) => {
        const told = await client.send({ ...TRANSFER, ...(token && { credential: token }), from: ABROAD })
        const error = 'insufficient_user_authentication'
        return refusedThere(told, ABROAD, 'elevated', {
          status: 401,
          error,
          reason: 'policy.default.high-elevated',
        })
      },
    },
    {
      name: 'From a rented server',
      request: 'the same token from a hoster in the US, where anybody can rent a machine',
      expected: 'the risk is high; 403 by a rule',
      play: async ({ client }) => {
        const told = await client.send({ ...TRANSFER, ...(token && { credential: token }), from: HOSTER })
        return refusedThere(told, HOSTER, 'high', {
          status: 403,
          reason: 'policy.rule.no-payments-from-hosting',
        })
      },
    },
  ]
}

export const networkAct: Act = {
  title: 'Where does it come from?',
  scenes: travels(),
}
