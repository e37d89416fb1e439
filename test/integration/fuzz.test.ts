/** The short forms of `npm run fuzz -- --only wire` and `--only duplicates`. */
import { expect, test } from '@jest/globals'
import { runDuplicates } from '../fuzz/duplicates/index.ts'
import { runWire, TRANSPORTS } from '../fuzz/wire/index.ts'
import { describeWithValkey } from '../harness/tools.ts'

const CONNECTIONS = 400

test.each(
  TRANSPORTS,
)('broken HTTP/2 and gRPC into the port: %s stays alive and right, and lets nothing pass', async (transport) => {
  const result = await runWire({ transport, seed: 21, connections: CONNECTIONS })
  expect(result.flaw).toBeUndefined()
  expect(result.connections).toBeGreaterThanOrEqual(CONNECTIONS)
  // Enough of it reaches the service.
  expect(result.answers).toBeGreaterThan(CONNECTIONS / 10)
  expect(result.passed).toBeGreaterThan(CONNECTIONS / 40)
}, 180_000)

describeWithValkey('four vigil serve on one store', (server) => {
  test('accept a proof once, however many of them get it at the same moment', async () => {
    const { proofs, duplicates, accepted, acceptedTwice, unaccepted, reasons, flaw } = await runDuplicates({
      server,
      duplicates: 10_000,
    })
    process.stdout.write(
      `duplicates: ${proofs} proofs, ${duplicates} duplicates, ${accepted} accepted, ${acceptedTwice} twice; refused ${JSON.stringify(reasons)}\n`,
    )
    expect(flaw).toBeUndefined()
    expect({ acceptedTwice, accepted: accepted + unaccepted }).toEqual({ acceptedTwice: 0, accepted: proofs })
    expect(reasons['identity.dpop.replayed']).toBeGreaterThan(duplicates / 2)
  }, 300_000)
})
