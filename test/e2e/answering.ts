/** Vigil's answers in bytes, and an Envoy that hands them on: shared by the tests of what callers get. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'
import { encodeResponse } from '../../src/check/encode.ts'
import { toCheck } from '../../src/check/request.ts'
import { toCheckResponse } from '../../src/check/response.ts'
import { settings } from '../../src/config/schema/settings.ts'
import { compileEnforcement, enforce, observe } from '../../src/enforcement/index.ts'
import type { Check, Decision, Subject } from '../../src/model.ts'
import { bootstrapText, type Envoy, startEnvoy } from '../harness/envoy.ts'
import * as loader from '../harness/loader.ts'
import { freePorts } from '../harness/ports.ts'
import { type StubAuthz, startStubAuthz } from '../harness/stub-authz.ts'

export const DECISION_ID = '5f0c1d9e-0000-4000-8000-000000000001'
const defaults = settings.parse({})
const enforcement = compileEnforcement(defaults.enforcement, defaults.identity)

type More = readonly (readonly [string, string])[]

/** A request as Vigil sees it. */
function checkWith(contentType: string, more: More = []): Check {
  const http = {
    method: 'GET',
    path: '/v1/accounts',
    host: 'api.example.com',
    headers: [['content-type', contentType] as const, ...more].map(([key, value]) => ({ key, value })),
  }
  return toCheck(
    { attributes: { request: { http } } },
    { id: DECISION_ID, atMs: 0, caller: { state: 'unverified', sans: [] } },
  )
}

/** The bytes with which Vigil answers this decision. */
export function answerTo(decision: Decision, contentType = 'application/json', more: More = []): Buffer {
  const check = checkWith(contentType, more)
  return encodeResponse(
    toCheckResponse(enforce(decision, check, { state: 'anonymous' }, 'low', undefined, enforcement)),
  )
}

/** The same where it is only observed. */
export function observedBytes(decision: Decision, subject: Subject): Buffer {
  const told = [checkWith('application/json'), subject, 'low', undefined] as const
  const answer = observe(enforce(decision, ...told, enforcement), decision, ...told)
  return encodeResponse(toCheckResponse(answer))
}

const base = { reasons: ['policy.test'], shadow: [], degraded: [] } as const
export const ALLOW: Decision = { ...base, effect: 'allow' }
const QUOTA = { limit: 'per-subject', max: 1, windowSeconds: 60, used: 2, retryAfterSeconds: 37 }
export const THROTTLE: Decision = { ...base, effect: 'throttle', retryAfterSeconds: 37, limit: QUOTA }
export const deny = (failure: Extract<Decision, { effect: 'deny' }>['failure']): Decision => ({
  ...base,
  effect: 'deny',
  failure,
})
export const STEP_UP: Decision = {
  ...base,
  effect: 'step-up',
  unmet: { acr: ['phr'], maxAgeSeconds: 5 },
  marksChallenge: true,
}
export const UNAVAILABLE: Decision = {
  ...base,
  effect: 'unavailable',
  failure: 'history.store.unavailable',
  retryAfterSeconds: 1,
}

/** A CheckResponse that Vigil would never write. */
export const raw = (response: object): Buffer => loader.encodeResponse(response)
export type Site = { envoy: Envoy; authz: StubAuthz; app: Server; port: number }

/** The sidecar's bootstrap with one thing changed in its text. */
export async function startSite(
  binary: string,
  replace: readonly (readonly [string, string])[],
): Promise<Site> {
  const ports = await freePorts('ADMIN_PORT', 'LISTENER_PORT', 'VIGIL_PORT', 'APP_PORT')
  let text = bootstrapText(join(ROOT, 'envoy', 'sidecar.yaml'), ports)
  for (const [piece, by] of replace) {
    expect(text).toContain(piece)
    text = text.replace(piece, by)
  }
  const authz = await startStubAuthz(ports.VIGIL_PORT)
  const app = createServer((request, response) => {
    const pairs = request.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1]]] : []))
    response.end(JSON.stringify(pairs))
  }).listen(ports.APP_PORT, '127.0.0.1')
  await once(app, 'listening')
  // By default Envoy keeps access log lines for 10 s.
  const args = ['--file-flush-interval-msec', '50']
  const envoy = await startEnvoy({ bootstrap: parse(text) as object, binary, args })
  return { envoy, authz, app, port: ports.LISTENER_PORT }
}

export async function stopSite(site: Site | undefined): Promise<void> {
  await site?.envoy.stop()
  await site?.authz.stop()
  site?.app.closeAllConnections()
  site?.app.close()
}
