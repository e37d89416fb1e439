import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../../scripts/root.ts'
import { freePorts } from '../../harness/ports.ts'
import { AUDIENCE, keys } from '../../harness/tokens.ts'
import { BUILD_SECONDS, build, serving } from '../built.ts'
import { accountOf, isAccounted } from '../peers/proc.ts'
import { pinned } from '../pin.ts'
import { median } from '../stats.ts'

export interface StartResult {
  /** From starting the process until it serves, checked by /readyz. */
  readonly medianMs: number
  readonly eachMs: readonly number[]
  /** Resident memory of the ready service before its first check, median; absent where the system does not tell it. */
  readonly idleBytes?: number
}

const RUN_SECONDS = 1.5
/** What the start left behind is given back, or not. */
const IDLE_MS = 500
export const startSeconds = (runs: number): number => BUILD_SECONDS + runs * RUN_SECONDS

/** `vigil serve` of a fresh build, its issuer within reach: discovery and key set over loopback HTTP. */
export async function runStart(
  runs: number,
  say: (line: string, seconds: number) => void,
): Promise<StartResult> {
  say('start: building', BUILD_SECONDS)
  build()
  const issuer = await startIssuer()
  const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-start-'))
  try {
    const all: Start[] = []
    for (let i = 0; i < runs; i++) {
      say(`start: run ${i + 1} of ${runs}`, RUN_SECONDS)
      all.push(await startOnce(folder, issuer.url))
    }
    const eachMs = all.map(({ tookMs }) => tookMs)
    const idle = all.flatMap(({ idleBytes }) => idleBytes ?? [])
    return {
      medianMs: Math.round(median(eachMs)),
      eachMs: eachMs.map(Math.round),
      ...(idle.length > 0 && { idleBytes: median(idle) }),
    }
  } finally {
    issuer.server.close()
    issuer.server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startIssuer(): Promise<{ url: string; server: Server }> {
  let url = ''
  const server = createServer((request, response) => {
    const isKeys = request.url === '/keys'
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify(isKeys ? { keys: [keys.es256.jwk] } : { issuer: url, jwks_uri: `${url}/keys` }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, server }
}

interface Start {
  readonly tookMs: number
  readonly idleBytes: number | undefined
}

async function startOnce(folder: string, issuer: string): Promise<Start> {
  const { grpc, http } = await freePorts('grpc', 'http')
  const fixed = join(folder, 'static.yaml')
  const config = join(folder, 'vigil.yaml')
  writeFileSync(
    fixed,
    `server: { listen: ["127.0.0.1:${grpc}"], drainDelaySeconds: 0 }\nprobes: { listen: "127.0.0.1:${http}" }\n`,
  )
  writeFileSync(config, configOf(issuer))
  const { execPath, execArgv } = pinned('subject')
  const startMs = performance.now()
  const vigil = spawn(
    execPath,
    [...execArgv, 'bin/vigil.js', 'serve', '--static', fixed, '--config', config],
    {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  try {
    await serving(vigil)
    const tookMs = performance.now() - startMs
    const { status } = await fetch(`http://127.0.0.1:${http}/readyz`)
    if (status !== 200) throw new Error(`vigil says that it serves, and /readyz ${status}`)
    await sleep(IDLE_MS)
    return { tookMs, idleBytes: isAccounted && vigil.pid ? accountOf(vigil.pid).rssBytes : undefined }
  } finally {
    vigil.kill('SIGTERM')
    if (vigil.exitCode === null) await once(vigil, 'exit')
  }
}

const configOf = (issuer: string) => `
identity:
  issuers:
    - { issuer: "${issuer}", audiences: ["${AUDIENCE}"], jwks: { discovery: true } }
entrypoints: [{ name: gateway, externalOrigins: ["${AUDIENCE}"] }]
actions: [{ name: read, match: { methods: [GET], paths: ["/v1/{rest...}"] }, sensitivity: low, scopes: [read] }]
`

export const startLine = ({ medianMs, eachMs, idleBytes }: StartResult): string =>
  [
    `start to ready, its issuer within reach: ${medianMs} ms (${eachMs.length} starts: ${eachMs.join(', ')})`,
    ...(idleBytes === undefined ? [] : [`idle: ${(idleBytes / 1e6).toFixed(0)} MB resident`]),
  ].join('\n')
