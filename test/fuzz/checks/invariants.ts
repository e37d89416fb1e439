/** What holds for every answer, whatever was asked. */
import type { Told } from './answer.ts'
import { cookieNames, tokenCookies } from './oracle/credential.ts'
import type { Who } from './oracle/identity.ts'
import type { Verdict } from './oracle/index.ts'
import type { WorldSettings } from './settings.ts'
import type { Answered, Sent } from './target.ts'
import { LATE_MS } from './target.ts'

const IDENTITY = [
  'issuer',
  'subject',
  'tenant',
  'session',
  'client',
  'actor',
  'workload',
  'scope',
  'acr',
] as const
const OWNED = [...IDENTITY, 'risk', 'decision', 'degraded', 'assertion', 'hop'].map(
  (name) => `x-vigil-${name}`,
)
const RISKS = ['low', 'elevated', 'high', 'critical']

/** @returns what is wrong, in a sentence */
export function flawOf(
  told: Told,
  verdict: Verdict | undefined,
  sent: Sent,
  answered: Answered,
  secrets: readonly string[],
  settings: WorldSettings,
): string | undefined {
  return (
    (verdict && allowance(told, verdict)) ??
    (verdict && told.isPass ? (nameFlaw(told, verdict) ?? survivor(told, verdict)) : undefined) ??
    onward(told, secrets, settings) ??
    leak(told, sent, answered, secrets) ??
    trouble(answered)
  )
}

/** The rule that all of this is for. */
function allowance(told: Told, verdict: Verdict): string | undefined {
  const { isPass, isReply, effect, set } = told
  const { mayPass, why, tells, isObserved, isObservedUnknown } = verdict
  const isNamed = set.some(([name]) => name === 'x-vigil-subject')
  if (isPass && effect === 'observe' && (isNamed ? isObserved : isObserved || isObservedUnknown))
    return undefined
  if (isPass && !mayPass) return `allowed, but it must not be: ${why}`
  if (isReply) return mayPass ? replyFlaw(told, tells) : `answered, but it must not be: ${why}`
  return isPass && tells !== undefined ? `what Vigil tells of ${tells} goes on to the application` : undefined
}

/** RFC 9728 section 3.2: what Vigil itself tells is the metadata of the resource at this path, and nothing else. */
function replyFlaw({ status, shown, response }: Told, resource: string | undefined): string | undefined {
  if (resource === undefined) return `answered with ${status}`
  const told = JSON.parse(response.denied_response?.body ?? 'null') as { resource?: unknown } | null
  const isJson = shown.some(([name, value]) => name === 'content-type' && value === 'application/json')
  const isTold = status === 200 && isJson && told?.resource === resource
  return isTold ? undefined : `of ${resource} something else is told (${status})`
}

/** Percent-encoding of everything outside visible ASCII, and of the percent sign. */
function encoded(text: string): string {
  return Array.from(text, (character) => {
    if (/^[\x21-\x24\x26-\x7e]$/.test(character)) return character
    const code = character.codePointAt(0) ?? 0
    const isHalf = code >= 0xd800 && code <= 0xdfff
    const bytes = isHalf
      ? [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]
      : Buffer.from(character)
    return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
  }).join('')
}

function namesOf(who: Who | undefined): Record<(typeof IDENTITY)[number], string | undefined> {
  const token = who?.token
  const text = (value: string | undefined) =>
    value === undefined || value === '' ? undefined : encoded(value)
  return {
    issuer: text(who?.issuer),
    subject: text(who?.subject),
    tenant: text(who?.tenant),
    session: text(token?.session),
    client: text(token?.client),
    actor: token?.actor?.map(encoded).join(' '),
    workload: text(who?.workload),
    scope: who?.scopes.length ? who.scopes.map(encoded).join(' ') : undefined,
    acr: text(token?.acr),
  }
}

/** The application is told who it is, and of nobody else. */
function nameFlaw({ set, effect, isPass }: Told, { who, mayPass }: Verdict): string | undefined {
  const told = new Map(set)
  if (told.size !== set.length) return 'a header is set twice'
  const isNamed = IDENTITY.some((name) => told.has(`x-vigil-${name}`))
  if (!isNamed)
    return isPass && effect !== 'observe' && mayPass && who !== undefined ? 'nobody is named' : undefined
  if (who === undefined)
    return `${told.get('x-vigil-subject')} is named (${effect}), but nobody has proved who he is`
  const names = namesOf(who)
  for (const name of IDENTITY) {
    const [is, ought] = [told.get(`x-vigil-${name}`), names[name]]
    // Beside a token a connection of which not all can be read is nobody's, which takes nothing away.
    if (name === 'workload' && is === undefined && who.token !== undefined) continue
    // A session without a claim is a digest that only Vigil makes.
    const isDerived = name === 'session' && ought === undefined && /^[\w-]{43}$/.test(is ?? '')
    if (is !== ought && !isDerived) return `x-vigil-${name} is ${is} and should be ${ought}`
  }
  return undefined
}

/** No header of the caller reaches the application under a name that Vigil owns, in any spelling of it. */
function survivor({ set, removed, response }: Told, { seen }: Verdict): string | undefined {
  for (const option of response.ok_response?.headers ?? []) {
    if (option.append?.value !== false || option.append_action !== 2)
      return `${option.header.key} does not overwrite`
  }
  const isGone = new Set([
    ...removed.map((name) => name.toLowerCase()),
    ...set.map(([name]) => name.toLowerCase()),
  ])
  for (const name of seen?.headers.keys() ?? []) {
    const isOwned = OWNED.includes(name.replaceAll('_', '-'))
    if (isOwned && !isGone.has(name)) return `${name} of the caller survives`
  }
  const both = set.find(([name]) => removed.includes(name))
  if (both !== undefined) return `${both[0]} is set and removed`
  const risk = set.find(([name]) => name === 'x-vigil-risk')
  if (risk !== undefined && !RISKS.includes(risk[1])) return `x-vigil-risk is ${risk[1]}`
  const control = [...set].find(([name, value]) => name !== 'cookie' && /[^\x20-\x7e]/.test(value))
  return control === undefined ? undefined : `${control[0]} holds a control byte`
}

/** Where cookies are taken out none that holds a credential is left; one of another name is none, whatever is in it. */
function onward({ set }: Told, secrets: readonly string[], settings: WorldSettings): string | undefined {
  const cookie = set.find(([name]) => name === 'cookie')?.[1]
  const left = cookie === undefined ? [] : tokenCookies(cookie, cookieNames(settings))
  const isHeld = left.some((part) => secrets.some((secret) => part.includes(secret)))
  return isHeld ? 'the cookie that goes on holds a credential' : undefined
}

/** Nothing of a credential stands in the answer, the cookies that go on apart, the record or the log. */
function leak(
  { set }: Told,
  sent: Sent,
  { bytes, record, log }: Answered,
  secrets: readonly string[],
): string | undefined {
  const cookie = set.find(([name]) => name === 'cookie')?.[1] ?? ''
  const answer = bytes.toString('latin1').replace(Buffer.from(cookie).toString('latin1'), '')
  const [text, lines] = [record ?? '', log.join('\n')]
  for (const secret of secrets) {
    const where = answer.includes(secret)
      ? 'answer'
      : text.includes(secret)
        ? 'record'
        : lines.includes(secret)
          ? 'log'
          : undefined
    if (where !== undefined)
      return `a secret stands in the ${where} (of ${sent.bytes.length} bytes): ${secret.slice(0, 12)}…`
  }
  return undefined
}

function trouble({ record, log, tookMs }: Answered): string | undefined {
  if (record === undefined) return 'there is no record'
  const fault = log.find((line) => line.startsWith('error'))
  if (fault !== undefined) return `a fault: ${fault}`
  return tookMs > LATE_MS ? `it took ${Math.round(tookMs)} ms` : undefined
}
