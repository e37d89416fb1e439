import type { Subject } from '../../../src/model.ts'
import type { Snapshot } from '../../../src/snapshot.ts'
import { type Passed, pass, stagesWith } from '../pipeline/stages.ts'
import { createMint, type Workload } from '../workload.ts'

/** What is new becomes habit by a proof alone. */
function proved(subject: Subject): Subject {
  if (subject.state !== 'identified') throw new Error('a passed check has a subject')
  return { ...subject, binding: { ...subject.binding, state: 'verified', methods: ['dpop'] } }
}

/** Addresses of many networks and countries, and programs, as people change them. */
const ADDRESSES = [
  ...['8.8.8.8', '9.9.9.9', '80.58.61.250', '91.198.174.192', '133.11.0.1'],
  ...['193.0.6.139', '200.160.2.3', '1.1.1.1', '41.204.160.1', '203.178.141.194'],
]
const VERSIONS = ['120', '121', '122', '123', '124', '125', '126', '127', '128', '129']
const SYSTEMS = ['Windows NT 10.0; Win64; x64', 'X11; Linux x86_64', 'Macintosh; Intel Mac OS X 10_15_7']
const HOUR_MS = 3_600_000
/** Between two requests, so that each falls into another hour of the week. */
const APART_HOURS = 7

/**
 * Requests of one identity that differ in device, network, country, program and time; a single one is the bench's own, now.
 * So many fill a profile as far as it goes.
 */
export async function variantsOf(workload: Workload, count: number, snapshot: Snapshot): Promise<Passed[]> {
  const plain = await pass(createMint(workload).bearer(0), snapshot)
  if (count === 1) return [plain]
  const stages = stagesWith(snapshot)
  const variants = Array.from({ length: count }, async (_, i) => {
    const atMs = plain.check.atMs - (count - i) * APART_HOURS * HOUR_MS
    const check = { ...plain.check, atMs, headers: new Map([...plain.check.headers, ...headersOf(i)]) }
    const then = { ...plain, check, subject: proved(plain.subject) }
    const seen = { ...then, facts: await stages.gather(then) }
    return { ...seen, past: await stages.recall(seen) }
  })
  return Promise.all(variants)
}

const headersOf = (i: number): [string, string[]][] => [
  ['x-device-id', [`device-${i % VERSIONS.length}`]],
  ['x-forwarded-for', [ADDRESSES[i % ADDRESSES.length] ?? '']],
  [
    'user-agent',
    [
      `Mozilla/5.0 (${SYSTEMS[i % SYSTEMS.length]}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${VERSIONS[i % VERSIONS.length]}.0.0.0 Safari/537.36`,
    ],
  ],
]
