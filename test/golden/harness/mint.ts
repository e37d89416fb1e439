import { hash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { athOf, signProof } from '../../harness/proofs.ts'
import { signCompact, tokenClaims } from '../../harness/tokens.ts'
import { GOLDEN, type GoldenCase, type ProofPlan, type TokenPlan } from './case.ts'
import { goldenKey } from './keys.ts'

/**
 * Makes what a case only describes. Texts of requests and claims may hold `<token NAME>`, `<proof NAME>`, `<jkt KEY>`,
 * `<cert NAME>`, `<x5t NAME>`, and `<nonce N>` or `<hop N>`: what the answer to check N gave.
 */
export class Mint {
  readonly #plan: Pick<GoldenCase, 'tokens' | 'proofs'>
  readonly #made = new Map<string, string>()

  constructor(plan: Pick<GoldenCase, 'tokens' | 'proofs'>) {
    this.#plan = plan
  }

  /** @param at time of the check; a proof is made in the second in which it is first shown */
  fill<T>(value: T, at: string): T {
    return mapTexts(value, (text) => this.#fillText(text, at)) as T
  }

  gave(kind: 'nonce' | 'hop', check: number, value: string): void {
    this.#made.set(`${kind} ${check}`, value)
  }

  /** Everything that was made or given so far, and its hash: none of it may stand in a record or an expectation. */
  get secrets(): readonly string[] {
    const texts = [...this.#made.values()]
    const signatures = texts.map((text) => text.slice(text.lastIndexOf('.') + 1))
    return [...texts, ...signatures, ...texts.map(athOf)].filter((text) => text !== '')
  }

  #fillText(text: string, at: string): string {
    return text.replace(/<(token|proof|jkt|cert|x5t|nonce|hop) ([A-Za-z0-9-]+)>/g, (_, kind, name) =>
      this.#once(kind, name, at),
    )
  }

  /** A name stands for the same text all through a case: the same proof again is the same name again. */
  #once(kind: string, name: string, at: string): string {
    const id = `${kind} ${name}`
    const text = this.#made.get(id) ?? this.#make(kind, name, at)
    this.#made.set(id, text)
    return text
  }

  #make(kind: string, name: string, at: string): string {
    switch (kind) {
      case 'token':
        return tokenOf(name, this.fill(planned(this.#plan.tokens, name), at))
      case 'proof': {
        const plan = this.fill(planned(this.#plan.proofs, name), at)
        return proofOf(name, plan, this.#once('token', plan.token, at), at)
      }
      case 'jkt':
        return goldenKey(name).jkt
      case 'cert':
        return encodeURIComponent(pem(name))
      case 'x5t':
        return hash('sha256', new X509Certificate(pem(name)).raw, 'base64url')
      default:
        throw new Error(`the answer to check ${name} gave no ${kind}`)
    }
  }
}

function tokenOf(name: string, plan: TokenPlan): string {
  const key = goldenKey(plan.key)
  const header = membersOf({ typ: 'at+jwt', alg: key.alg, kid: key.kid, ...plan.header })
  const claims = membersOf({ ...tokenClaims(), jti: name, ...plan.claims })
  const inner = [claims, plan.twice].map((part) => JSON.stringify(part).slice(1, -1)).filter(Boolean)
  const token = signCompact(header, `{${inner.join(',')}}`, key)
  return plan.unsigned ? token.slice(0, token.lastIndexOf('.') + 1) : token
}

function proofOf(name: string, plan: ProofPlan, token: string, at: string): string {
  const claims = {
    jti: name,
    htm: 'GET',
    htu: 'https://api.example.com/v1/orders',
    iat: at,
    ath: athOf(token),
    ...plan.claims,
  }
  return signProof(goldenKey(plan.key), { header: plan.header, claims: membersOf(claims) })
}

const TIMES = ['iat', 'exp', 'nbf', 'auth_time']

/** Without what is `null`; times in whole seconds. */
function membersOf(plan: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const members = Object.entries(plan).filter(([, value]) => value !== null)
  return Object.fromEntries(
    members.map(([name, value]) => [name, TIMES.includes(name) ? secondsOf(value) : value]),
  )
}

const secondsOf = (time: unknown) => (typeof time === 'string' ? Math.floor(Date.parse(time) / 1000) : time)

function planned<T>(plans: Readonly<Record<string, T>>, name: string): T {
  const plan = plans[name]
  if (plan === undefined) throw new Error(`nothing is planned under the name "${name}"`)
  return plan
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapTexts(each, change)]))
}

const pem = (name: string) => readFileSync(join(GOLDEN, 'certificates', `${name}.pem`), 'utf8')
