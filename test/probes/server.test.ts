import { connect } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type Probes, type ProbesDeps, startProbes } from '../../src/probes/server.ts'

const open: Probes[] = []
afterEach(async () => {
  for (const probes of open.splice(0)) await probes.close()
})

async function start(over: Partial<ProbesDeps> = {}, host = '127.0.0.1') {
  const probes = await startProbes(host, 0, {
    isReady: () => ({ ready: true, reasons: [] }),
    serveMetrics: (_request, response) => {
      response.end('metrics\n')
    },
    ...over,
  })
  open.push(probes)
  return (path: string, method = 'GET') => fetch(`http://${probes.address}${path}`, { method })
}

describe('probes', () => {
  test('/livez asks nobody', async () => {
    const ask = await start({
      isReady: () => {
        throw new Error('not asked')
      },
    })
    const response = await ask('/livez')
    expect([response.status, await response.json()]).toEqual([200, { live: true }])
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test.each([
    [true, 200, []],
    [false, 503, ['draining', 'keys of https://idp.example.com']],
  ])('/readyz when ready is %s: %i with the reasons', async (ready, status, reasons) => {
    const ask = await start({ isReady: () => ({ ready, reasons }) })
    const response = await ask('/readyz')
    expect([response.status, await response.json()]).toEqual([status, { ready, reasons }])
  })

  test.each([
    'part',
    'everything',
  ] as const)('/readyz is loud about what is only observed: %s', async (observes) => {
    const ask = await start({ isReady: () => ({ ready: true, reasons: [], observes }) })
    const response = await ask('/readyz')
    expect([response.status, await response.json()]).toEqual([200, { ready: true, reasons: [], observes }])
  })

  test('/metrics, also with a query', async () => {
    const ask = await start()
    expect(await (await ask('/metrics')).text()).toBe('metrics\n')
    expect(await (await ask('/metrics?name=x')).text()).toBe('metrics\n')
  })

  test.each(['/', '/livez/', '/LIVEZ', '//livez', '/admin'])('%s is not found', async (path) => {
    expect((await (await start())(path)).status).toBe(404)
  })

  test('HEAD has no body, other methods are refused', async () => {
    const ask = await start()
    const head = await ask('/readyz', 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const response = await ask('/readyz', method)
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
      await response.text()
    }
  })

  test('a probe that throws answers 500, and the next one is served', async () => {
    const fail = () => {
      throw new Error('secret detail')
    }
    const ask = await start({ isReady: fail, serveMetrics: fail })
    for (const path of ['/readyz', '/metrics']) {
      const response = await ask(path)
      expect([response.status, await response.text()]).toEqual([500, '{"error":"the probe failed"}\n'])
    }
    expect((await ask('/livez')).status).toBe(200)
  })

  test('an address in use is an error', async () => {
    await start()
    const port = Number(open[0]?.address.split(':').at(-1))
    const deps = { isReady: () => ({ ready: true, reasons: [] }), serveMetrics: () => undefined }
    await expect(startProbes('127.0.0.1', port, deps)).rejects.toThrow('EADDRINUSE')
  })

  test('closing does not wait for idle connections', async () => {
    await start()
    const probes = open[0]
    const socket = connect(Number(probes?.address.split(':').at(-1)), '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await probes?.close()
    await closed
    open.length = 0
  })
})
