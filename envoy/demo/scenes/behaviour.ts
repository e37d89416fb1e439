import { setTimeout as sleep } from 'node:timers/promises'
import { type Credential, logIn } from '../credentials.ts'
import type { Act, Scene } from '../scene.ts'
import { explain } from '../why.ts'
import type { World } from '../world.ts'
import { passage, refusal } from './played.ts'

const READ = { path: '/v1/accounts' } as const
const TRANSFER = { method: 'POST', path: '/v1/accounts/A-100/transfers' } as const
const on = (device: string) => ({ 'x-device-id': device })

/** Requests from which on a new device matters enough; learning happens after the answer, so this is asked for. */
const HABIT = 12
const MOST_READS = 40

const habit: Scene = {
  name: 'A habit forms',
  request: `alice reads her accounts ${HABIT} times and more, from alice-laptop`,
  expected: '200 each time, and the device is known',
  play: async ({ client, issuer }) => {
    const credential = await logIn(issuer.url, { user: 'alice', device: 'alice-laptop' })
    for (let reads = 1; reads <= MOST_READS; reads++) {
      const told = await client.send({ ...READ, credential, headers: on('alice-laptop') })
      if (told.status !== 200) throw new Error(`read ${reads} was answered ${told.status}`)
      const { past } = await told.record()
      const known = past?.profile?.features['device']
      if (known === undefined || known.shown < HABIT) continue
      return {
        got: `200, ${reads} times`,
        why: `The profile of alice now says: a device shown in ${known.shown} requests, ${known.values.length} different.`,
        isAsExpected: known.values.length === 1,
      }
    }
    throw new Error(`the device is not known after ${MOST_READS} reads`)
  },
}

const mismatch: Scene = {
  name: 'The token of another device',
  request: 'a token issued to alice-laptop, from mallory-phone',
  expected: '403, and no hint which signal spoke',
  play: async ({ client, issuer }) => {
    const credential = await logIn(issuer.url, { user: 'alice', device: 'alice-laptop' })
    const told = await client.send({ ...READ, credential, headers: on('mallory-phone') })
    return refusal(told, { status: 403, reason: 'policy.default.low-critical' })
  },
}

/** New device, then the same with a fresh login: the second scene needs what the first has left. */
function newPhone(): Scene[] {
  let phone: Credential | undefined
  const scopes = ['accounts.read', 'payments.write']
  return [
    {
      name: 'A new device, high stakes',
      request: 'alice pays from a phone that she has never used, logged in by password',
      expected: '401 that asks for a strong login, made now',
      play: async ({ client, issuer }) => {
        phone = await logIn(issuer.url, { user: 'alice', device: 'alice-phone', scopes })
        const told = await client.send({ ...TRANSFER, credential: phone, headers: on('alice-phone') })
        const challenge = told.value('www-authenticate') ?? ''
        const error = 'insufficient_user_authentication'
        const played = await refusal(told, { status: 401, error, reason: 'policy.default.high-elevated' })
        const asked = challenge.match(/(acr_values|max_age)="[^"]*"/g)?.join(', ')
        return {
          ...played,
          got: `${told.status} ${error}: ${asked}`,
          isAsExpected: played.isAsExpected && asked === 'acr_values="phr mfa", max_age="0"',
        }
      },
    },
    {
      name: 'The same after a fresh login',
      request: 'alice logs in again with a passkey (acr phr) and repeats the payment',
      expected: '200',
      play: async ({ client, issuer }) => {
        // auth_time has whole seconds: only a login of a later second is surely newer than the question.
        await sleep(1000 - (Date.now() % 1000) + 50)
        const again = { ...(phone && { again: phone }), acr: 'phr' }
        const credential = await logIn(issuer.url, { user: 'alice', device: 'alice-phone', scopes, ...again })
        const told = await client.send({ ...TRANSFER, credential, headers: on('alice-phone') })
        return passage(told, `the application saw x-vigil-acr: ${told.echo?.headers['x-vigil-acr']}`)
      },
    },
  ]
}

const MOST_BURST = 60

const burst: Scene = {
  name: 'A burst that is not like bob',
  request: `bob, who has sent 2 requests a minute for weeks, sends up to ${MOST_BURST} at once`,
  expected: '429 with Retry-After for bob, 200 for alice',
  play: async (world) => {
    const { client, issuer } = world
    const credential = await logIn(issuer.url, { user: 'bob' })
    for (let passed = 0; passed < MOST_BURST; passed++) {
      const told = await client.send({ ...READ, credential })
      if (told.status === 200) continue
      const wait = told.value('retry-after')
      const neighbour = await readAs(world, 'alice')
      return {
        got: `200 ${passed} times, then ${told.status}, Retry-After: ${wait}; alice meanwhile: ${neighbour}`,
        why: await explain(await told.record()),
        isAsExpected: told.status === 429 && Number(wait) > 0 && neighbour === 200 && passed > 0,
      }
    }
    throw new Error(`${MOST_BURST} requests passed`)
  },
}

async function readAs({ client, issuer }: World, user: 'alice' | 'bob'): Promise<number> {
  return (await client.send({ ...READ, credential: await logIn(issuer.url, { user }) })).status
}

export const behaviourAct: Act = {
  title: 'Is this like them?',
  scenes: [habit, mismatch, ...newPhone(), burst],
}
