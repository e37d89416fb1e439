/**
 * `node test/bench/facts.ts`: what address (with its network), client and fingerprint of a check cost, remembered and not. In process
 * and single-threaded; processor time and medians of rounds, so that a busy machine shows in the spread.
 */
import { addressOf } from '../../src/context/facts/address.ts'
import { compileClient } from '../../src/context/facts/client.ts'
import { compileFingerprint } from '../../src/context/facts/fingerprint.ts'
import { compileNetwork } from '../../src/context/facts/network.ts'
import { compileClassify } from '../../src/context/network/classify.ts'
import { createOpenPlaces } from '../../src/context/network/open.ts'
import type { Check } from '../../src/model.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { checkOf, entrypointOf } from '../support/check-of.ts'

const ROUNDS = 25
const CHECKS = 1000
const GOALS_US = { hit: 5, miss: 30 }

const places = createOpenPlaces({ meter: silentMeter, log: silentLog })({ data: 'packaged' }, '.')
const classify = compileClassify([])
if (!classify.ok) throw new Error('classes')
const network = compileNetwork(places, classify.value)
const client = compileClient()
const fingerprint = compileFingerprint()
const entrypoint = entrypointOf({ envoyAppends: true, fingerprintHeader: 'x-ja4' })

let count = 0
/** A client that no check before had: another address, another version of its browser. */
function stranger(): Check {
  const n = ++count
  const address = `${(n % 200) + 20}.${(n >> 8) & 255}.${(n >> 4) & 255}.${n & 255}`
  const agent = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${n}.0.0.0 Safari/537.36`
  const headers = new Map([
    ['x-forwarded-for', [address]],
    ['user-agent', [agent]],
    ['sec-ch-ua', ['"Chromium";v="124", "Google Chrome";v="124", "Not-A.Brand";v="99"']],
    ['sec-ch-ua-platform', ['"Windows"']],
    ['accept-language', [`de-DE,de;q=0.9,x-${n};q=0.1`]],
    ['accept-encoding', ['gzip, deflate, br, zstd']],
    ['x-ja4', ['t13d1516h2_8daaf6152771_02713d6af862']],
  ])
  return checkOf({ headers })
}

let sink: unknown
function read(check: Check): void {
  sink = network(addressOf(check, entrypoint))
  sink = fingerprint(check, entrypoint, client(check))
}

/** @returns microseconds a check, one figure a round */
function rounds(checksOf: () => readonly Check[]): number[] {
  return Array.from({ length: ROUNDS }, () => {
    const checks = checksOf()
    const start = process.cpuUsage()
    for (const check of checks) read(check)
    const { user, system } = process.cpuUsage(start)
    return (user + system) / checks.length
  }).sort((a, b) => a - b)
}

const strangers = () => Array.from({ length: CHECKS }, stranger)
const known = strangers()
rounds(strangers)
const figures = { hit: rounds(() => known), miss: rounds(strangers) }
if (sink === undefined) throw new Error('nothing was read')
for (const [name, sorted] of Object.entries(figures)) {
  const [least = 0, median = 0, most = 0] = [sorted[0], sorted[ROUNDS >> 1], sorted[ROUNDS - 1]]
  const goal = GOALS_US[name as keyof typeof GOALS_US]
  const verdict = median <= goal ? 'kept' : 'missed'
  console.log(
    `${name}: median ${median.toFixed(2)} us, ${least.toFixed(2)} to ${most.toFixed(2)}; goal <= ${goal} us: ${verdict}`,
  )
}
