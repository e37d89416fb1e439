import { type Picked, pick, wanted } from '../lib/json-pick.ts'
import { type ReadRecord, readRecord } from './reading.ts'

type Credential = Extract<NonNullable<ReadRecord['subject']>, { state: 'identified' }>['credential']
type Facts = NonNullable<ReadRecord['facts']>

/** The little of a record that a report over many of them tells; every `ReadRecord` is one. */
export interface SkimmedRecord extends Pick<ReadRecord, 'id' | 'at' | 'mode' | 'why'> {
  readonly request: Pick<ReadRecord['request'], 'method' | 'scheme' | 'host' | 'path'>
  readonly subject?:
    | {
        readonly state: 'identified'
        readonly credential: Pick<Credential, 'issuer' | 'subject' | 'kind' | 'tenant' | 'actor'>
      }
    | { readonly state: 'refused' | 'anonymous' }
    | undefined
  readonly facts?:
    | {
        readonly action: Pick<Facts['action'], 'name'>
        readonly address: Pick<Facts['address'], 'ip'>
      }
    | undefined
  readonly decision: Pick<ReadRecord['decision'], 'effect' | 'reasons' | 'rule' | 'shadow' | 'degraded'>
}

const MEMBERS = wanted({
  v: true,
  id: true,
  at: true,
  mode: true,
  why: true,
  request: wanted({ method: true, scheme: true, host: true, path: true }),
  subject: wanted({
    state: true,
    credential: wanted({
      issuer: true,
      subject: true,
      kind: true,
      tenant: true,
      actor: wanted({ issuer: true, subject: true }),
    }),
  }),
  facts: wanted({ action: wanted({ name: true }), address: wanted({ ip: true }) }),
  decision: wanted({ effect: true, reasons: true, rule: true, shadow: true, degraded: true }),
})

/**
 * Reads the members of a `SkimmedRecord`, which is much faster than reading all (docs/performance.md); of the others it
 * only sees that they are JSON. A line on which this is not enough is read whole.
 * @returns the record, or in a few words (and none of the line) why this line is none
 */
export function skimRecord(text: string, bytes: Uint8Array): SkimmedRecord | string {
  const picked = pick(text, bytes, MEMBERS)
  return picked !== undefined && isRecord(picked) ? picked : readRecord(text)
}

/** What `readRecord` asks of the same members; a test holds the two together. */
function isRecord(picked: Picked): picked is Picked & SkimmedRecord {
  const { v, id, at, mode, why, request, subject, facts, decision } = picked
  return (
    v === 1 &&
    isText(id) &&
    isText(at) &&
    !Number.isNaN(Date.parse(at)) &&
    isOptionalText(mode) &&
    isOptionalText(why) &&
    isObject(request) &&
    isText(request['method']) &&
    isText(request['scheme']) &&
    isText(request['host']) &&
    isText(request['path']) &&
    (subject === undefined || isSubject(subject)) &&
    (facts === undefined || isFacts(facts)) &&
    isDecision(decision)
  )
}

function isSubject(subject: unknown): boolean {
  if (!isObject(subject)) return false
  const { state, credential } = subject
  if (state !== 'identified') return state === 'refused' || state === 'anonymous'
  return (
    isObject(credential) &&
    isText(credential['issuer']) &&
    isText(credential['subject']) &&
    isText(credential['kind']) &&
    isText(credential['tenant']) &&
    (credential['actor'] === undefined || isActor(credential['actor']))
  )
}

const isActor = (actor: unknown): boolean =>
  isObject(actor) && isText(actor['subject']) && isOptionalText(actor['issuer'])

function isFacts(facts: unknown): boolean {
  if (!isObject(facts)) return false
  const { action, address } = facts
  return isObject(action) && isText(action['name']) && isObject(address) && isOptionalText(address['ip'])
}

function isDecision(decision: unknown): boolean {
  if (!isObject(decision)) return false
  const { effect, reasons, rule, shadow, degraded } = decision
  return (
    isText(effect) &&
    isTexts(reasons) &&
    reasons.length > 0 &&
    isOptionalText(rule) &&
    Array.isArray(shadow) &&
    shadow.every(isShadow) &&
    isTexts(degraded)
  )
}

const isShadow = (shadow: unknown): boolean =>
  isObject(shadow) &&
  isText(shadow['rule']) &&
  isText(shadow['effect']) &&
  isText(shadow['outcome']) &&
  typeof shadow['wouldDecide'] === 'boolean'

const isText = (value: unknown): value is string => typeof value === 'string'
const isOptionalText = (value: unknown): boolean => value === undefined || isText(value)
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
