import { describe, expect, test } from '@jest/globals'
import { disguised } from '../../src/audit/disguised.ts'
import { createDisguise, createNaming } from '../../src/audit/pseudonyms.ts'
import { toRecord } from '../../src/audit/record.ts'
import { auditSettings } from '../../src/config/schema/audit.ts'
import type { Subject } from '../../src/model.ts'
import {
  DECISION_BASE,
  FACTS,
  identified,
  PAST,
  refusedAnswer,
  sampleCheck,
  sampleCredential,
  sampleOutcome,
} from '../support/edge-samples.ts'

const CONTEXT = {
  durationUs: 1,
  config: 'c',
  headers: ['x-device-id', 'x-forwarded-for', 'x-user', 'x-list', 'x-plain'],
}
const name = createNaming(Buffer.alloc(32, 7))
const ISSUER = 'https://idp.example.com'

/** Each stands in several places, and none is part of another. */
const WHO = {
  subject: 'Alice-Liddell',
  actor: 'Robot-Mower',
  client: 'Web-Shop-3',
  session: 'Session-77',
  device: 'Device-42',
  tenant: 'Tenant-Acme',
}
const IP = '198.51.100.23'

function everywhere(): Subject {
  const credential = sampleCredential({
    issuer: ISSUER,
    subject: WHO.subject,
    actor: { subject: WHO.actor },
    priorActors: [{ subject: WHO.actor }],
    registration: { kind: 'agent', owner: 'shop team' },
    client: WHO.client,
    session: { id: WHO.session, isDerived: false },
    tenant: WHO.tenant,
    device: WHO.device,
    claims: {
      email: WHO.subject,
      groups: ['staff', WHO.tenant],
      deep: { of: [{ who: WHO.actor }] },
      phone: 5551234,
    },
  })
  return identified({ credential, workload: { id: WHO.subject, trustDomain: 'mesh.example.com' } })
}

function recordOf(subject: Subject = everywhere()) {
  const check = sampleCheck(
    { path: `/users/${WHO.subject}/devices/Device%2D42`, source: { ip: IP, principal: '' } },
    {
      'x-device-id': WHO.device,
      'x-forwarded-for': `${IP}, 10.1.2.3`,
      'x-user': WHO.subject,
      'x-list': `a$&b, ${WHO.session} ,c`,
      'x-plain': 'allow',
    },
  )
  const facts = {
    ...FACTS,
    action: {
      ...FACTS.action,
      params: { user: WHO.subject, device: WHO.device, rest: `all/${Object.values(WHO).join('/')}/end` },
    },
    address: { ip: IP, isUntrusted: false },
    device: {
      id: WHO.device,
      isAttested: false,
      posture: {
        state: 'claimed',
        failure: undefined,
        detail: `sub claims ${WHO.device}`,
        issuer: 'https://mdm.example.com',
        claims: { owner: WHO.subject, serials: [WHO.device] },
      } as const,
    },
  }
  const finding = { signal: 's', reason: 'risk.s.r', nats: 1, detail: { was: WHO.device, count: 2 } }
  const assessment = { score: 0.5, level: 'high', findings: [finding], failed: [] } as const
  const { entrypoint } = sampleOutcome().stages ?? {}
  if (entrypoint === undefined) throw new Error('the sample has stages')
  return toRecord(
    sampleOutcome({ check, stages: { entrypoint, subject, facts, past: PAST, assessment } }),
    CONTEXT,
  )
}

function shown(settings: object, record = recordOf()) {
  const [sink] = auditSettings.parse({ sinks: [{ kind: 'stdout', ...settings }] }).sinks
  const disguise = sink && createDisguise(sink, name)
  if (disguise === undefined) throw new Error('nothing is disguised')
  return disguised(record, disguise)
}

test('a fingerprint goes with the device, a city with the address', () => {
  const record = recordOf()
  const seen = record.facts && {
    ...record,
    facts: {
      ...record.facts,
      fingerprint: { tls: 't13d1516h2_8daaf6152771', value: 'F1' },
      network: {
        country: 'DE',
        asn: 64500,
        class: 'mobile',
        city: { name: 'Trier', latitude: 49.75, longitude: 6.64 },
      } as const,
    },
  }
  const tls = name('fingerprint', 't13d1516h2_8daaf6152771')
  expect(shown({ pseudonyms: ['device'] }, seen).facts).toMatchObject({
    fingerprint: { tls, value: name('fingerprint', 'F1') },
    network: { city: { name: 'Trier' } },
  })
  expect(shown({ addresses: 'prefix' }, seen).facts).toMatchObject({
    fingerprint: { tls: 't13d1516h2_8daaf6152771', value: 'F1' },
    network: { country: 'DE', asn: 64500, class: 'mobile', city: undefined },
  })
})

describe('what identifies somebody', () => {
  test.each(
    Object.entries(WHO),
  )('%s: its value stands nowhere any more, its pseudonym does', (field, value) => {
    const text = JSON.stringify(shown({ pseudonyms: [field] }))
    const kind = field === 'actor' ? 'subject' : field
    const scope = field === 'tenant' || field === 'device' ? [] : [ISSUER]
    expect(JSON.stringify(recordOf())).toContain(value)
    expect(text).not.toContain(value)
    expect(text).not.toContain(encodeURIComponent(value).replaceAll('-', '%2D'))
    expect(text.split(name(kind, ...scope, value)).length).toBeGreaterThan(1)
  })

  test('what is not listed stays as it was', () => {
    const text = JSON.stringify(shown({ pseudonyms: ['session'] }))
    for (const field of ['subject', 'actor', 'client', 'device', 'tenant'] as const)
      expect(text).toContain(WHO[field])
  })

  test('of a parameter that took several segments the others stay', () => {
    const { rest } = shown({ pseudonyms: Object.keys(WHO) }).facts?.action.params ?? {}
    expect(rest?.replaceAll(/p-[\w-]{22}/g, '*')).toBe('all/*/*/*/*/*/*/end')
  })

  test('one who acts and is acted for has one pseudonym', () => {
    const { subject } = shown(
      { pseudonyms: ['subject', 'actor'] },
      recordOf(
        identified({
          credential: sampleCredential({ issuer: ISSUER, subject: 'x', actor: { subject: 'x' } }),
        }),
      ),
    )
    if (subject?.state !== 'identified') throw new Error('identified')
    expect(subject.credential.actor?.subject).toBe(subject.credential.subject)
  })

  test('a machine’s client id, which is its subject, does not give it away', () => {
    const machine = identified({ credential: sampleCredential({ subject: WHO.client, client: WHO.client }) })
    expect(JSON.stringify(shown({ pseudonyms: ['subject'] }, recordOf(machine)))).not.toContain(WHO.client)
  })

  test('a value that is a word of records changes only what was said of the request', () => {
    const hostile = identified({ credential: sampleCredential({ subject: 'allow' }) })
    const record = shown({ pseudonyms: ['subject'] }, recordOf(hostile))
    expect(record.decision.effect).toBe('allow')
    expect(record.request.headers['x-plain']).toMatch(/^p-/)
  })
})

describe('addresses', () => {
  test('prefix: in every place, and what else is in the header', () => {
    const record = shown({ addresses: 'prefix' })
    expect(record.facts?.address.ip).toBe('198.51.100.0/24')
    expect(record.request.source).toBe('198.51.100.0/24')
    expect(record.request.headers['x-forwarded-for']).toBe('198.51.100.0/24, 10.1.2.0/24')
    expect(JSON.stringify(record)).not.toContain(IP)
    expect(record).toMatchObject({ addresses: 'prefix' })
    expect(record).not.toHaveProperty('pseudonyms', expect.anything())
  })

  test('pseudonym: nowhere, and one for all places', () => {
    const record = shown({ addresses: 'pseudonym' })
    expect(JSON.stringify(record)).not.toContain(IP)
    expect(record.facts?.address.ip).toBe(name('address', IP))
    expect(record.request.source).toBe(name('address', IP))
  })
})

describe('whole kinds', () => {
  test('path: the path and its parameters', () => {
    const { request, facts } = shown({ pseudonyms: ['path'] })
    expect(request.path).toBe(name('path', recordOf().request.path))
    expect(facts?.action.params).toMatchObject({
      user: name('param', 'user', WHO.subject),
      device: name('param', 'device', WHO.device),
    })
  })

  test('claims: every value, of lists each by itself', () => {
    const { subject } = shown({ pseudonyms: ['claims'] })
    if (subject?.state !== 'identified') throw new Error('identified')
    expect(subject.credential.claims).toEqual({
      email: name('claim', 'email', `"${WHO.subject}"`),
      groups: ['"staff"', `"${WHO.tenant}"`].map((value) => name('claim', 'groups', value)),
      deep: name('claim', 'deep', `{"of":[{"who":"${WHO.actor}"}]}`),
      phone: name('claim', 'phone', '5551234'),
    })
  })

  test('headers: every value', () => {
    const { headers } = shown({ pseudonyms: ['headers'] }).request
    expect(Object.values(headers).every((value) => value.startsWith('p-'))).toBe(true)
    expect(Object.keys(headers)).toEqual(CONTEXT.headers)
  })

  test('the rest of a header stays', () => {
    const { headers } = shown({ pseudonyms: ['session'] }).request
    expect(headers['x-list']).toBe(`a$&b, ${name('session', ISSUER, WHO.session)} ,c`)
  })
})

describe('what leads to somebody by another way', () => {
  const credential = sampleCredential({
    issuer: ISSUER,
    subject: WHO.subject,
    client: WHO.client,
    registration: { kind: 'agent', owner: 'shop team' },
    session: { id: 'made-of-the-subject', isDerived: true },
  })
  const subject = identified({
    credential,
    workload: { id: 'spiffe://mesh.example.com/bob', trustDomain: 'mesh.example.com' },
  })

  test('a session that is derived from the subject goes with it', () => {
    const id = name('session', ISSUER, 'made-of-the-subject')
    expect(shown({ pseudonyms: ['subject'] }, recordOf(subject)).subject).toMatchObject({
      credential: { session: { id } },
    })
    expect(JSON.stringify(shown({ pseudonyms: ['subject'] }))).toContain(WHO.session)
  })

  test('so does the workload beside a token of somebody else', () => {
    const { subject: altered } = shown({ pseudonyms: ['subject'] }, recordOf(subject))
    expect(altered).toMatchObject({
      workload: { id: name('subject', 'mesh.example.com', 'spiffe://mesh.example.com/bob') },
    })
  })

  test('who answers for a client goes with it', () => {
    const text = JSON.stringify(shown({ pseudonyms: ['client'] }, recordOf(subject)))
    expect(text).not.toContain('shop team')
    expect(text).toContain(name('owner', 'shop team'))
  })

  test('an origin whose host is an address goes with the addresses', () => {
    const record = recordOf()
    const from = (origin: string) => ({ ...record, request: { ...record.request, origin } })
    const told = (origin: string) => shown({ addresses: 'prefix' }, from(origin)).request.origin
    expect(told(`http://${IP}:8080`)).toBe('http://198.51.100.0/24')
    expect(told('https://app.example.com')).toBe('https://app.example.com')
  })

  test('what was wrong with the request is told by its failure alone', () => {
    const check = sampleCheck({
      malformed: 'check.request.host',
      malformedDetail: `the path holds ${WHO.subject}`,
    })
    const decision = { ...DECISION_BASE, effect: 'deny', failure: 'check.request.host' } as const
    const record = toRecord(sampleOutcome({ check, decision, answer: refusedAnswer(400) }), CONTEXT)
    expect(record.why).toContain(WHO.subject)
    expect(shown({ pseudonyms: ['device'] }, record).why).not.toContain(WHO.subject)
  })
})

describe('what a refused sender claims of himself', () => {
  const refused: Subject = {
    state: 'refused',
    failure: 'identity.token.audience',
    scheme: 'Bearer',
    detail: 'aud claims "Alice-Liddell"',
  }
  const { stages } = sampleOutcome({}, refused)
  const record = toRecord(
    {
      ...sampleOutcome({ answer: refusedAnswer(401) }),
      decision: { ...DECISION_BASE, effect: 'deny', failure: 'identity.token.audience' },
      ...(stages === undefined ? {} : { stages }),
    },
    CONTEXT,
  )

  test('is not told where anything is a pseudonym; which failure it was, is', () => {
    const altered = shown({ pseudonyms: ['session'] }, record)
    expect(JSON.stringify(record)).toContain('Alice-Liddell')
    expect(JSON.stringify(altered)).not.toContain('Alice-Liddell')
    expect(altered.why).toBe('The token was issued for another audience.')
    expect(altered.subject).toMatchObject({ state: 'refused', failure: 'identity.token.audience' })
  })

  test('stays where only addresses are altered', () => {
    expect(shown({ addresses: 'prefix' }, record)).toMatchObject({ why: record.why, subject: record.subject })
  })
})
