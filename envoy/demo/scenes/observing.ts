import type { Told } from '../ask.ts'
import { logIn } from '../credentials.ts'
import { editConfig, editLive } from '../edit.ts'
import type { Act, Played, Scene } from '../scene.ts'
import { explain } from '../why.ts'

/** What the application saw of a request that enforce mode would have refused with this status. */
async function observed(told: Told, status: number, subject: string | undefined): Promise<Played> {
  const record = await told.record()
  const seen = told.echo?.headers ?? {}
  const name = seen['x-vigil-subject']
  return {
    got: `${told.status}; the application saw x-vigil-subject: ${name ?? 'none'}; enforced it would be ${record.wouldStatus}`,
    why: await explain(record),
    isAsExpected:
      told.status === 200 &&
      told.value('www-authenticate') === undefined &&
      record.mode === 'observe' &&
      record.wouldStatus === status &&
      told.echo !== undefined &&
      name === subject,
  }
}

const refusedCredential: Scene = {
  name: 'Observe mode: a token that is broken',
  request: '`mode: observe` is written into vigil.yaml; a forged token and x-vigil-subject: admin come along',
  expected: '200, but without a name: nothing of what the client wrote arrives',
  play: async (world) => {
    const { client, issuer } = world
    await editLive(world, () => editConfig(world, 'enforcement:\n', 'enforcement:\n  mode: observe\n'))
    const { token, ...rest } = await logIn(issuer.url, { user: 'alice' })
    const credential = { ...rest, token: `${token.slice(0, -8)}AAAAAAAA` }
    const headers = { 'x-vigil-subject': 'admin' }
    return observed(await client.send({ path: '/v1/accounts', credential, headers }), 401, undefined)
  },
}

const rule: Scene = {
  name: 'Observe mode: a rule',
  request: 'alice pays from bob’s account B-200',
  expected: '200 as alice, and the record says which rule would have refused it',
  play: async ({ client, issuer }) => {
    const credential = await logIn(issuer.url, { user: 'alice', scopes: ['payments.write'] })
    const path = '/v1/accounts/B-200/transfers'
    return observed(await client.send({ method: 'POST', path, credential }), 403, 'alice')
  },
}

const enforced: Scene = {
  name: 'And back to enforce',
  request: 'the line is deleted again; alice reads without any token',
  expected: '401, and a metric has counted what was only observed',
  play: async (world) => {
    const { client, vigil } = world
    await editLive(world, () => editConfig(world, '  mode: observe\n', ''))
    const told = await client.send({ path: '/v1/accounts' })
    const [counted, observing] = [
      await vigil.metric('vigil_observed_total'),
      await vigil.metric('vigil_observing'),
    ]
    return {
      got: `${told.status}; vigil_observed_total ${counted}, vigil_observing ${observing}`,
      why: await explain(await told.record()),
      isAsExpected: told.status === 401 && counted === 2 && observing === 0,
    }
  },
}

export const observingAct: Act = {
  title: 'What would happen?',
  scenes: [refusedCredential, rule, enforced],
}
