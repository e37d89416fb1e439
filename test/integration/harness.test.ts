/** The helpers that other tests stand on, proved against real processes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test } from '@jest/globals'
import { makeCa, makeLeaf } from '../../scripts/certs/make.ts'
import { ROOT } from '../../scripts/root.ts'
import { bootstrapText } from '../harness/envoy.ts'
import { sendBytes, sendHttp1, sendHttp2 } from '../harness/http.ts'
import { freePort, freePorts } from '../harness/ports.ts'
import { type Running, start } from '../harness/process.ts'
import { startRedis } from '../harness/redis.ts'
import { describeWithRedis, describeWithValkey } from '../harness/tools.ts'
import { waitForPort, waitUntil } from '../harness/wait.ts'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function node(code: string): Running {
  const running = start(process.execPath, ['-e', code])
  cleanups.push(() => running.stop())
  return running
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('ports', () => {
  test('are different and keep off those of Istio and Envoy Gateway', async () => {
    const ports = Object.values(await freePorts('a', 'b', 'c', 'd'))
    expect(new Set(ports).size).toBe(4)
    for (const port of ports) expect(port > 19_002 && port < 32_768).toBe(true)
  })
})

describe('process', () => {
  test('waits for a line and gives its match', async () => {
    const running = node('setTimeout(() => console.log("port 4711"), 50); setInterval(() => 0, 1000)')
    const match = await running.waitForLine(/port (\d+)/)
    expect(match[1]).toBe('4711')
  })

  test('a program that ends first is an error that shows its output', async () => {
    const running = node('console.error("no such file"); process.exit(3)')
    await expect(running.waitForLine(/ready/)).rejects.toThrow(/ended \(3\) before[\s\S]*no such file/)
    expect(await running.ended).toBe(3)
  })

  test('a deadline is an error', async () => {
    const running = node('setInterval(() => 0, 1000)')
    await expect(running.waitForLine(/ready/, 60)).rejects.toThrow('not within 60 ms')
  })

  test('a program that ignores SIGTERM is killed after the grace', async () => {
    const running = node('process.on("SIGTERM", () => 0); console.log("up"); setInterval(() => 0, 1000)')
    await running.waitForLine(/up/)
    await running.stop(50)
    expect(await running.ended).toBe('SIGKILL')
    await running.stop()
  })

  test('a program that cannot be started is an error', () => {
    expect(() => start('/nonexistent', [])).toThrow('could not be started')
  })

  test('dies with the process that started it, even by SIGKILL', async () => {
    const harness = pathToFileURL(join(ROOT, 'test', 'harness', 'process.ts')).href
    const code = `import { start } from '${harness}'
      console.log(start(process.execPath, ['-e', 'setInterval(() => 0, 1000)']).pid)
      setInterval(() => 0, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code])
    const [line] = await once(parent.stdout, 'data')
    const pid = Number(String(line))
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await waitUntil('the child is gone', 5000, () => !isAlive(pid))
  })
})

describe('bootstrapText', () => {
  test('fills ports in, keeps defaults, refuses a name it does not know', () => {
    const wanted = (name: string) => `$\{${name}}`
    const text = bootstrapText({ a: wanted('A'), b: `127.0.0.1:${wanted('A')}` }, { A: 5 })
    expect(text).toBe('{"a":5,"b":"127.0.0.1:5"}')
    expect(() => bootstrapText({ a: wanted('B') }, { A: 5 })).toThrow('named B')
    const file = join(ROOT, 'envoy', 'sidecar.yaml')
    expect(bootstrapText(file)).toContain('port_value: 9000')
    expect(bootstrapText(file, { VIGIL_PORT: 23_456 })).toContain('port_value: 23456')
  })
})

describe('http', () => {
  const ODD = '/..;/a//b%2f%00\\x?q=%zz'

  test('HTTP/1.1 sends path and repeated headers as they are', async () => {
    const server = createServer((request, response) => {
      response.writeHead(418, ['x-a', '1', 'x-a', '2'])
      response.end(JSON.stringify([request.url, request.rawHeaders]))
    }).listen(0, '127.0.0.1')
    cleanups.push(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const headers = [
      ['Authorization', 'a'],
      ['authorization', 'b'],
      ['x_y', 'ü'],
    ] as const
    const response = await sendHttp1({ port, path: ODD, headers, method: 'POST', body: 'ü' })
    expect(response).toMatchObject({ status: 418 })
    expect(response.values('X-A')).toEqual(['1', '2'])
    const [url, seen] = JSON.parse(response.body) as [string, string[]]
    expect(url).toBe(ODD)
    expect(seen).toEqual(
      expect.arrayContaining([
        'host',
        'api.example.com',
        'Authorization',
        'a',
        'authorization',
        'b',
        'content-length',
        '2',
      ]),
    )
    expect(await sendBytes(port, 'GET / HTTP/1.1\r\nbad header\r\n\r\n')).toMatch(/^HTTP\/1.1 400/)
  })

  test('HTTP/2 sends path and repeated headers as they are', async () => {
    const server = createHttp2Server().listen(0, '127.0.0.1')
    cleanups.push(() => server.close())
    server.on('stream', (stream: ServerHttp2Stream, headers, _flags, raw) => {
      stream.respond({ ':status': 200 })
      stream.end(JSON.stringify([headers[':path'], headers[':authority'], raw]))
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const headers = [
      ['authorization', 'a'],
      ['authorization', 'b'],
      [':authority', 'b.example'],
    ] as const
    const response = await sendHttp2({ port, path: ODD, headers })
    const [path, authority, raw] = JSON.parse(response.body) as [string, string, string[]]
    expect([response.status, path, authority]).toEqual([200, ODD, 'b.example'])
    expect(raw.slice(-4)).toEqual(['authorization', 'a', 'authorization', 'b'])
  })

  test('a refused connection is an error, not a hang', async () => {
    const port = await freePort()
    await expect(sendHttp1({ port })).rejects.toThrow('ECONNREFUSED')
    await expect(sendHttp2({ port })).rejects.toThrow('ECONNREFUSED')
  })
})

function behavesAsServer(server: string): void {
  test('starts, asks for the password it was given, stops', async () => {
    const args = ['--requirepass', 'secret']
    const redis = await startRedis({ server, args })
    cleanups.push(() => redis.stop())
    await waitForPort(redis.port)
    expect(isAlive(redis.running.pid)).toBe(true)
    await redis.stop()
    expect(redis.running.hasEnded()).toBe(true)
    const again = await startRedis({ server, port: redis.port })
    cleanups.push(() => again.stop())
    expect(again.port).toBe(redis.port)
  })

  test('an argument it refuses is an error that shows its words', async () => {
    await expect(startRedis({ server, args: ['--no-such-option', 'x'] })).rejects.toThrow(/no-such-option/)
  })
}

describeWithValkey('startRedis', behavesAsServer)

describeWithRedis('startRedis', (server) => {
  behavesAsServer(server)

  test('speaks TLS only when it is given certificates', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-redis-tls-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const ca = makeCa(folder)
    const leaf = makeLeaf(folder, ca, { stem: 'redis', names: ['DNS:localhost'], usage: 'serverAuth' })
    const redis = await startRedis({ server, tls: { ...leaf, ca: ca.cert } })
    cleanups.push(() => redis.stop())
    expect(await sendBytes(redis.port, 'PING\r\nQUIT\r\n').catch(() => '')).not.toContain('PONG')
    const answer = await sendBytes(redis.port, 'PING\r\nQUIT\r\n', { ca: readFileSync(ca.cert, 'utf8') })
    expect(answer).toContain('+PONG')
  })
})
