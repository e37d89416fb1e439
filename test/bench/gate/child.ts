import { readFileSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import type { CheckHandler } from '../../../src/check/handler.ts'
import { decodeResponse } from '../../../src/check/wire.ts'
import type { Store } from '../../../src/store/store.ts'
import * as loader from '../../harness/loader.ts'
import { type BenchApp, openBenchApp } from '../app.ts'
import { rulesOfMany } from '../rules.ts'
import { benchSettings } from '../settings.ts'
import { median } from '../stats.ts'
import { createMint, jwksOf, makeWorkload } from '../workload.ts'
import type { Cost } from './limits.ts'

/** A process of its own, because what others do with the heap would count, too. Tells what one check costs, as JSON. */

const USERS = 100
/** As many come in one turn of a busy service. */
const AT_ONCE = 20
const WARM_UP = 12_000
const COUNTED = 1000
const ROUNDS = 9
const CALLER = { state: 'unverified', sans: [] } as const

const workload = makeWorkload(USERS)
const mint = createMint(workload)
const messages = Array.from({ length: USERS }, (_, user) => mint.bearer(user))
const turn = () => new Promise((resume) => setImmediate(resume))

async function open(policy: object): Promise<BenchApp> {
  const bench = await openBenchApp()
  await bench.use(benchSettings({ jwks: jwksOf(workload), records: bench.records, ...policy }))
  return bench
}

type Give = (i: number) => Buffer
const inTurn: Give = (i) => messages[i % USERS] as Buffer

/** Asks `count` times, with all that follows the answers. */
async function ask(handler: CheckHandler, count: number, give: Give): Promise<Buffer[]> {
  const answers: Buffer[] = []
  for (let i = 0; i < count; i += AT_ONCE) {
    const asked: Promise<Buffer>[] = []
    for (let j = i; j < i + AT_ONCE; j++) asked.push(handler.handle(give(j), CALLER))
    for (const answer of asked) answers.push(await answer)
  }
  await turn()
  await turn()
  return answers
}

/** A fast refusal is no figure. */
function expectPassed(answers: readonly Buffer[]): void {
  const refused = answers.filter((answer) => decodeResponse(answer).status.code !== 0).length
  if (refused > 0) throw new Error(`${refused} of ${answers.length} checks were refused`)
}

async function heapBytes(handler: CheckHandler, give: Give): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = getHeapStatistics().total_allocated_bytes
    const answers = await ask(handler, COUNTED, give)
    rounds.push((getHeapStatistics().total_allocated_bytes - before) / COUNTED)
    expectPassed(answers)
  }
  return median(rounds)
}

async function cpuUs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / COUNTED
}

/** CPU of `one` over that of `other`, each at the least of its rounds: what else the machine does only adds to them. */
async function ratio(one: () => unknown, other: () => unknown): Promise<number> {
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number]
  for (let round = 0; round < ROUNDS; round++) {
    least[0] = Math.min(least[0], await cpuUs(one))
    least[1] = Math.min(least[1], await cpuUs(other))
  }
  return least[0] / least[1]
}

/** What goes to the store while `count` checks are asked, of one check. */
async function storeCost(bench: BenchApp, handler: CheckHandler, give: Give, count: number) {
  const store = bench.app.current()?.history.store as { -readonly [K in keyof Store]: Store[K] }
  const { read } = store
  const seen = { reads: 0, commands: 0 }
  store.read = (commands, budgetMs) => {
    seen.reads++
    seen.commands += commands.length
    return read(commands, budgetMs)
  }
  expectPassed(await ask(handler, count, give))
  store.read = read
  return { reads: seen.reads / count, commands: seen.commands / count }
}

/** What an empty handler does with its messages: proto-loader reads and writes them. */
function codec(answer: Buffer): () => void {
  const response = decodeResponse(answer)
  return () => {
    for (let i = 0; i < COUNTED; i++) {
      loader.decodeRequest(inTurn(i))
      loader.encodeResponse(response)
    }
  }
}

async function measure(): Promise<Cost> {
  const bench = await open({})
  const handler = bench.handler()
  const many = await open(rulesOfMany(1000))
  const ofMany = many.handler()
  const answers = await ask(handler, WARM_UP, inTurn)
  await ask(ofMany, WARM_UP, inTurn)
  const [answer] = answers
  if (answer === undefined) throw new Error('there was no answer')
  // Proofs are made before they count.
  const count = COUNTED * ROUNDS + WARM_UP / 4 + COUNTED
  const proofs = Array.from({ length: count }, (_, i) => mint.proven(i % USERS))
  const proof: Give = () => proofs.pop() as Buffer
  await ask(handler, WARM_UP / 4, proof)
  const read = codec(answer)
  const [whole, wholeOfMany] = [() => ask(handler, COUNTED, inTurn), () => ask(ofMany, COUNTED, inTurn)]
  const plain = await storeCost(bench, handler, inTurn, COUNTED)
  const proven = await storeCost(bench, handler, proof, COUNTED)
  const cost = {
    heapBytes: await heapBytes(handler, inTurn),
    heapBytesWithProof: await heapBytes(handler, proof),
    storeReads: plain.reads,
    storeCommands: plain.commands,
    storeCommandsWithProof: proven.commands,
    answerBytes: answer.length,
    cpuToCodec: await ratio(whole, read),
    cpuOfManyRules: await ratio(wholeOfMany, whole),
  }
  await many.close()
  await bench.app.close()
  const records = readFileSync(bench.records, 'utf8').trimEnd().split('\n')
  bench.forget()
  return { ...cost, recordBytes: median(records.map((record) => record.length)) }
}

process.stdout.write(`${JSON.stringify(await measure())}\n`)
