import { NETWORK_CLASSES, type Posture } from '../model.ts'
import { subject } from './subject-variables.ts'
import {
  type Dictionary,
  double,
  type Entry,
  flag,
  group,
  type Input,
  int,
  list,
  member,
  optional,
  text,
  time,
} from './variable.ts'

/**
 * Everything a condition may read, in one table: its type, its closed words, the sentence that explains it and how
 * it is read. Load-time checking, evaluation and docs/conditions.md all come from here.
 */

/** A count of an identity that was never seen is 0; one that could not be read is missing. */
const counted = (input: Input, count: number | undefined): number | undefined =>
  count ?? (input.subject.state === 'identified' && !input.past.degraded.includes('store') ? 0 : undefined)

/** An int for the short cuts as for the engine, which would not agree about a fraction. */
const whole = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.trunc(value)

const host = (authority: string): string =>
  authority.startsWith('[') ? authority.slice(0, authority.indexOf(']') + 1) : (authority.split(':')[0] ?? '')

const SENSITIVITIES = ['low', 'medium', 'high', 'critical']
const LEVELS = ['low', 'elevated', 'high', 'critical']
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const CLIENT_KINDS = ['browser', 'app', 'tool', 'bot', 'headless', 'unknown']
const PROTOCOLS = ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3']

const request = group('The HTTP request.', {
  method: text('Method.', (i) => i.check.method, METHODS),
  authority: text('`:authority`, lower case: `host` or `host:port`.', (i) => i.check.authority),
  host: text('`authority` without the port.', (i) => host(i.check.authority)),
  path: text('Path without the query, as it was sent: never decoded.', (i) => i.check.path),
  scheme: text('Scheme.', (i) => i.check.scheme, ['http', 'https']),
  protocol: text('Protocol.', (i) => i.check.protocol, PROTOCOLS),
  headers: {
    kind: 'map',
    doc: 'Request headers that `context.requestHeaders` lists; several of one name are joined with `,`.',
    mayBeMissing: true,
    declaredIn: 'context.requestHeaders',
    isDeep: false,
    names: (v) => v.headers,
    member: (i, name) => (i.headers.has(name) ? i.check.headers.get(name)?.join(',') : undefined),
    keys: (i) => [...i.headers].filter((name) => i.check.headers.has(name)),
  },
})

const postureMap = (doc: string, isShown: (posture: Posture) => boolean): Dictionary => {
  const claims = ({ facts: { device } }: Input) =>
    device.posture !== undefined && isShown(device.posture) ? device.posture.claims : undefined
  return {
    kind: 'map',
    doc,
    mayBeMissing: true,
    declaredIn: 'context.device.posture.claims',
    isDeep: true,
    names: (v) => v.posture,
    member: (i, name) => member(claims(i), name),
    keys: (i) => Object.keys(claims(i) ?? {}),
  }
}

const facts = group('What was observed of this request.', {
  entrypoint: text('Name of the entrypoint.', (i) => i.facts.entrypoint),
  address: group('The client’s address.', {
    ip: optional(text('The address.', (i) => i.facts.address.ip)),
    untrusted: flag(
      'The forwarding chain was shorter than configured, so the address is that of the TCP peer.',
      (i) => i.facts.address.isUntrusted,
    ),
  }),
  network: group('The network that the client’s address belongs to.', {
    country: optional(text('Country, two letters (ISO 3166-1), e.g. `DE`.', (i) => i.facts.network.country)),
    asn: optional(int('Number of the autonomous system, e.g. 64500.', (i) => i.facts.network.asn)),
    city: optional(
      text('City, where `context.network.cityFile` tells it.', (i) => i.facts.network.city?.name),
    ),
    latitude: optional(double('Of the city, in degrees.', (i) => i.facts.network.city?.latitude)),
    longitude: optional(double('Of the city, in degrees.', (i) => i.facts.network.city?.longitude)),
    class: text('What kind of network.', (i) => i.facts.network.class, NETWORK_CLASSES),
  }),
  device: group('The client’s device.', {
    id: optional(text('Device id; only claimed unless `attested`.', (i) => i.facts.device.id)),
    attested: flag('The device is proved to be this caller’s.', (i) => i.facts.device.isAttested),
    posture_state: optional(
      text(
        'What the posture token is worth: `attested` is this caller’s, `claimed` is good but nothing ties it to this caller, `refused` is not good, `unchecked` could not be verified because keys are away.',
        (i) => i.facts.device.posture?.state,
        ['attested', 'claimed', 'refused', 'unchecked'],
      ),
    ),
    posture: postureMap(
      'The posture of the device, only where it is attested: what allows must read this one.',
      (posture) => posture.state === 'attested',
    ),
    claimed_posture: postureMap(
      'The same whether it is attested or only claimed: a thief can show the token of another device.',
      () => true,
    ),
  }),
  client: group('The program that sends the requests, as it calls itself; only claimed.', {
    kind: optional(
      text('What kind of program; missing without a user agent.', (i) => i.facts.client.kind, CLIENT_KINDS),
    ),
    browser: optional(text('Family of the browser, e.g. `Chrome`.', (i) => i.facts.client.browser)),
    os: optional(text('Operating system, e.g. `Windows`, `macOS`, `iOS`.', (i) => i.facts.client.os)),
  }),
  fingerprint: group('What the client’s software shows of itself without meaning to.', {
    tls: optional(
      text(
        'Fingerprint of the TLS handshake, as `entrypoints[].fingerprintHeader` tells it.',
        (i) => i.facts.fingerprint.tls,
      ),
    ),
    value: optional(
      text('Hash over it, the program, its languages and encodings.', (i) => i.facts.fingerprint.value),
    ),
  }),
  time: group('When the check arrived, in the zone `context.time.zone`.', {
    hour: int('0 to 23.', (i) => i.facts.time.hourOfWeek % 24),
    weekday: int('1 (Monday) to 7 (Sunday).', (i) => Math.floor(i.facts.time.hourOfWeek / 24) + 1),
  }),
})

const past = group('What is known of this subject.', {
  seen: optional(int('Earlier requests that were learned.', (i) => counted(i, i.past.profile?.seen))),
  first_seen: optional(time('When this subject was first seen.', (i) => i.past.profile?.firstSeenMs)),
  session_seen: optional(int('Earlier requests of this session.', (i) => counted(i, i.past.session?.seen))),
  requests_per_minute: optional(
    int(
      'Requests of this subject in the sliding minute, this one included, rounded down; the record shows the fraction.',
      (i) => whole(i.past.requestsPerMinute),
    ),
  ),
})

const action = group('The named operation the request stands for.', {
  name: text(
    'Name in the catalogue, or `unknown`.',
    (i) => i.facts.action.name,
    (v) => v.actions,
  ),
  sensitivity: text('What is at stake.', (i) => i.facts.action.sensitivity, SENSITIVITIES),
  known: flag('The request matches an action of the catalogue.', (i) => i.facts.action.isKnown),
  params: {
    kind: 'map',
    doc: 'What the `{name}` parts of the path template took.',
    mayBeMissing: true,
    declaredIn: 'a path template of any action',
    isDeep: false,
    names: (v) => v.params,
    member: (i, name) => member(i.facts.action.params, name),
    keys: (i) => Object.keys(i.facts.action.params),
  },
})

const assessment = group('How worried Vigil is.', {
  score: double('0 to 1.', (i) => i.assessment.score),
  level: text('The score in words.', (i) => i.assessment.level, LEVELS),
  findings: list(
    'Reasons of all findings.',
    (i) => i.assessment.findings.map((f) => f.reason),
    (v) => v.reasons,
  ),
})

export const VARIABLES: Readonly<Record<string, Entry>> = {
  request,
  subject,
  facts,
  past,
  action,
  assessment,
  now: time('When the check arrived.', (i) => i.check.atMs),
}
