import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { expectRight } from '../bench/envoy/answers.ts'
import { startApp } from '../bench/envoy/index.ts'
import { ALONE, EMPTY, type Opened, openRows, type Row, subjectsOf } from '../bench/envoy/rows.ts'
import { makeWorkload } from '../bench/workload.ts'
import { describeWithEnvoy } from '../harness/tools.ts'

/** What must hold before a figure of `npm run bench:envoy` counts, and that it would not count where it does not hold. */
describeWithEnvoy('rows of bench:envoy', DEFAULT_ENVOY, () => {
  const workload = makeWorkload(1)
  let app: Awaited<ReturnType<typeof startApp>>
  let opened: Opened
  beforeAll(async () => {
    app = await startApp()
    opened = await openRows(subjectsOf(workload, { redisPort: undefined, hasHeimdall: false }), app.address)
  })
  afterAll(async () => {
    await opened.envoy.stop()
    for (const { server } of opened.rows) await server?.stop()
    await app.stop()
  })

  const VIGIL = '+ Vigil, memory store'
  const rowOf = (name: string): Row => {
    const found = opened.rows.find((row) => row.name === name)
    if (found === undefined) throw new Error(`no row ${name}`)
    return found
  }

  test.each([ALONE, EMPTY, VIGIL])('%s does what its figures are told for', async (name) => {
    await expectRight(rowOf(name), workload)
  })

  test('a guard that lets a broken token pass has no figure', async () => {
    const claim = expectRight({ ...rowOf(EMPTY), isGuard: true }, workload)
    await expect(claim).rejects.toThrow('a broken signature was answered 200 and not 401 or 403')
  })

  test('nor has one that says yes to everybody where Vigil refuses', async () => {
    await expect(expectRight({ ...rowOf(VIGIL), isGuard: false }, workload)).rejects.toThrow(
      'a broken signature was answered 401 and not 200',
    )
  })

  test('nor has one behind which the application sees who the client claims to be', async () => {
    const { claims, identity } = rowOf(VIGIL)
    await expect(expectRight({ ...rowOf(EMPTY), claims, identity }, workload)).rejects.toThrow(
      'the application saw x-vigil-subject: mallory, not user-0',
    )
  })
})
