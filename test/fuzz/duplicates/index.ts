/**
 * The same DPoP proof at several Vigils at once, all on one store: it is accepted once. Every proof is sent to each of the
 * processes in the same moment, each time as a request of its own (another stream, so that nothing looks like Envoy's retry),
 * and some once more a little later.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Told } from '../../harness/check-client.ts'
import { mintNow } from '../../harness/live.ts'
import { startRedis } from '../../harness/redis.ts'
import { AUDIENCE, issuerOf, keys } from '../../harness/tokens.ts'
import { startVigil, type VigilProcess, writeInstanceKey } from '../../harness/vigil.ts'
import { checkBytes } from '../../harness/wire.ts'
import { DEVICE_KEY } from '../checks/base.ts'
import { compactOf, draftOf } from '../checks/jwt.ts'
import { sha256 } from '../checks/keys.ts'

export interface DuplicatesResult {
  readonly processes: number
  readonly proofs: number
  /** Times that a proof came that had been sent before, or was sent elsewhere at the same moment. */
  readonly duplicates: number
  readonly accepted: number
  readonly acceptedTwice: number
  /** Proofs that nobody accepted. */
  readonly unaccepted: number
  /** Refusals by their reason. */
  readonly reasons: Readonly<Record<string, number>>
  readonly seconds: number
  readonly flaw?: string
}

const SETTINGS = {
  identity: { issuers: [issuerOf({ dpop: { algorithms: ['Ed25519'] }, binding: 'required' })] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [{ name: 'read', match: { methods: ['GET'], paths: ['/v1/items'] }, sensitivity: 'low' }],
  // Nobody sends so much in so short a time: without a rule the worry about it would refuse some.
  policy: [{ name: 'all', when: true, effect: 'allow' }],
  audit: { sinks: [] },
}

const PROCESSES = 4
/** Proofs on their way at once. */
const TOGETHER = 24
/** Every so many-th proof comes once more. */
const LATE_EVERY = 10
const USERS = 50
/** A token serves so many proofs. */
const RENEW = 20_000

export interface DuplicatesPlan {
  /** Path of valkey-server or redis-server. */
  readonly server: string
  readonly duplicates: number
  readonly onDuplicates?: (done: number) => void
}

const proofFor = (token: string, n: number): string => {
  const header = { typ: 'dpop+jwt', alg: 'Ed25519', jwk: DEVICE_KEY.jwk }
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    jti: `dup-${process.pid}-${n}`,
    htm: 'GET',
    htu: `${AUDIENCE}/v1/items`,
    iat,
    ath: sha256(token),
  }
  return compactOf(draftOf(DEVICE_KEY, header, claims), false)
}

/** What came of all the duplicates of a run. */
class Tally {
  proofs = 0
  duplicates = 0
  accepted = 0
  acceptedTwice = 0
  unaccepted = 0
  readonly reasons: Record<string, number> = {}

  add(answers: readonly Told[]): void {
    const passed = answers.filter(({ isPass }) => isPass).length
    this.proofs++
    this.duplicates += answers.length - 1
    this.accepted += passed
    if (passed > 1) this.acceptedTwice++
    if (passed === 0) this.unaccepted++
    for (const { isPass, reasons } of answers) {
      const reason = reasons[0] ?? 'none'
      if (!isPass) this.reasons[reason] = (this.reasons[reason] ?? 0) + 1
    }
  }

  flaw(): string | undefined {
    if (this.acceptedTwice > 0) return `${this.acceptedTwice} proofs were accepted more than once`
    // A busy machine may make a process miss its time; it refuses then, which is no acceptance too many.
    return this.accepted === 0 ? 'no proof was accepted at all' : undefined
  }
}

async function run(
  vigils: readonly VigilProcess[],
  { duplicates, onDuplicates }: DuplicatesPlan,
): Promise<Tally> {
  const tally = new Tally()
  const tokens: string[] = []
  let next = 0
  const tokenFor = (n: number): string => {
    if (n % RENEW === 0) tokens.length = 0
    const user = n % USERS
    tokens[user] ??= mintNow({
      key: keys.ed25519,
      claims: { sub: `user-${user}`, jti: `t-${user}-${n}`, cnf: { jkt: DEVICE_KEY.jkt } },
    })
    return tokens[user]
  }
  const ask = (n: number, copy: number, headers: Record<string, string>): Promise<Told> => {
    const vigil = vigils[copy % vigils.length] as VigilProcess
    return vigil.ask(
      checkBytes({ headers, streamId: `p${n}-${copy}`, source: { ip: '198.51.100.7', port: 10_000 + copy } }),
    )
  }
  const prove = async () => {
    while (tally.duplicates < duplicates) {
      const n = next++
      const token = tokenFor(n)
      const headers = { authorization: `DPoP ${token}`, dpop: proofFor(token, n) }
      const answers = await Promise.all(vigils.map((_, copy) => ask(n, n + copy, headers)))
      if (n % LATE_EVERY === 0) answers.push(await ask(n, n + vigils.length, headers))
      tally.add(answers)
      onDuplicates?.(answers.length - 1)
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, prove))
  return tally
}

/** Starts the store and four `vigil serve`, sends the duplicates, and tells how often which was accepted. */
export async function runDuplicates(plan: DuplicatesPlan): Promise<DuplicatesResult> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-duplicates-'))
  const store = await startRedis({ server: plan.server })
  const vigils: VigilProcess[] = []
  try {
    const fixed = {
      // Here nothing depends on how busy this machine is.
      store: { kind: 'redis', budgetMs: 5000, redis: { port: store.port } },
      instanceKeyFile: writeInstanceKey(folder),
    }
    const options = { config: SETTINGS, fixed, server: { deadlineMs: 10_000 } }
    vigils.push(...(await Promise.all(Array.from({ length: PROCESSES }, () => startVigil(options)))))
    await Promise.all(vigils.map((vigil) => vigil.running.waitForLine(/store\.connected/)))
    const begin = performance.now()
    const tally = await run(vigils, plan)
    const flaw = tally.flaw()
    const { proofs, duplicates, accepted, acceptedTwice, unaccepted, reasons } = tally
    const seconds = (performance.now() - begin) / 1000
    return {
      processes: PROCESSES,
      proofs,
      duplicates,
      accepted,
      acceptedTwice,
      unaccepted,
      reasons,
      seconds,
      ...(flaw === undefined ? {} : { flaw }),
    }
  } finally {
    await Promise.all(vigils.map((vigil) => vigil.stop()))
    await store.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
