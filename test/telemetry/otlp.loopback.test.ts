import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ExportedRecord } from '../../src/ports.ts'
import { openRecordExport } from '../../src/telemetry/otlp.ts'

interface Asked {
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

const asked: Asked[] = []
let status = 200
let server: Server
let url = ''

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      asked.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks) })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

const RECORD: ExportedRecord = {
  atMs: 1_795_000_000_123,
  id: 'd-1',
  effect: 'deny',
  severity: 'warn',
  trace: '0af7651916cd43dd8448eb211c80319c',
  line: '{"v":1,"id":"d-1"}',
}

async function sent(records: readonly ExportedRecord[], target = url): Promise<boolean> {
  const exporter = openRecordExport({ url: target, timeoutMs: 1000, headers: { 'x-token': 't0ken' } })()
  const isWritten = await new Promise<boolean>((resolve) => exporter.send(records, resolve))
  await exporter.close()
  return isWritten
}

/** `time_unix_nano` (field 1, fixed64) of a LogRecord. */
const timeOf = (ms: number) => {
  const bytes = Buffer.alloc(9)
  bytes[0] = (1 << 3) | 1
  bytes.writeBigUInt64LE(BigInt(ms) * 1_000_000n, 1)
  return bytes
}

describe('OTLP over HTTP', () => {
  test('a record arrives with body, time, severity, trace and attributes, and the headers of the settings', async () => {
    expect(await sent([RECORD, { ...RECORD, id: 'd-2', trace: undefined, line: '{"v":1,"id":"d-2"}' }])).toBe(
      true,
    )
    const { path, headers, body } = asked.at(-1) as Asked
    expect(path).toBe('/v1/logs')
    expect(headers).toMatchObject({ 'content-type': 'application/x-protobuf', 'x-token': 't0ken' })
    for (const text of [
      RECORD.line,
      '{"v":1,"id":"d-2"}',
      'WARN',
      'vigil.decision',
      'vigil.effect',
      'deny',
      'vigil',
    ])
      expect(body.includes(text)).toBe(true)
    expect(body.includes(Buffer.from(RECORD.trace ?? '', 'hex'))).toBe(true)
    expect(body.includes(timeOf(RECORD.atMs))).toBe(true)
    // One scope for all: the exporter groups by the identity of it.
    expect(body.toString('latin1').split('vigil.audit')).toHaveLength(2)
  })

  test('a trailing slash of the URL is no second one', async () => {
    await sent([RECORD], `${url}/otlp/`)
    expect(asked.at(-1)?.path).toBe('/otlp/v1/logs')
  })

  test('a collector that refuses has lost them', async () => {
    status = 400
    expect(await sent([RECORD])).toBe(false)
    status = 200
  })

  test('a collector that is not there has lost them', async () => {
    expect(await sent([RECORD], 'http://127.0.0.1:1')).toBe(false)
  })
})
