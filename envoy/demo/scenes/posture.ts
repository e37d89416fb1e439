import type { KeyPair } from 'dpop'
import { logIn, newKey } from '../credentials.ts'
import type { Act, Played, Scene } from '../scene.ts'
import { explain } from '../why.ts'
import type { World } from '../world.ts'

/** carol exports statements, which a rule grants to managed devices; her token is bound to `key`. */
async function exportWith(
  { client, issuer }: World,
  key: KeyPair,
  posture: string,
  state: string,
): Promise<Played> {
  const credential = await logIn(issuer.url, { user: 'carol', key })
  const told = await client.send({
    path: '/v1/statements',
    credential,
    headers: { 'x-device-posture': posture },
  })
  const record = await told.record()
  const found = record.facts?.device.posture?.state
  return {
    got: `${told.status}; for Vigil the posture is ${found}`,
    why: await explain(record),
    isAsExpected:
      found === state &&
      (state === 'attested'
        ? told.status === 200 && told.echo !== undefined
        : told.status === 403 && told.echo === undefined),
  }
}

const said: Scene = {
  name: 'A device that says it is managed',
  request: 'carol exports statements, which takes a managed device; a header says `managed=true`',
  expected: '403: anybody can write a header',
  play: async (world) => exportWith(world, await newKey(), 'managed=true', 'refused'),
}

const borrowed: Scene = {
  name: 'A statement about another device',
  request: 'a posture token, signed by the device management, for the key of a colleague’s laptop',
  expected: '403: it says nothing of the device that shows it',
  play: async (world) => {
    const posture = await world.devices.vouch('laptop-2', await newKey(), true)
    return exportWith(world, await newKey(), posture, 'claimed')
  },
}

const attested: Scene = {
  name: 'A statement about this device',
  request: 'a posture token for the same key that her access token is bound to',
  expected: '200',
  play: async (world) => {
    const key = await newKey()
    return exportWith(world, key, await world.devices.vouch('laptop-1', key, true), 'attested')
  },
}

export const postureAct: Act = {
  title: 'Is the device in a good state?',
  scenes: [said, borrowed, attested],
}
