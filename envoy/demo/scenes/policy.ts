import { logIn, machineToken, newKey, proofFor } from '../credentials.ts'
import { editConfig, editLive } from '../edit.ts'
import { sentenceOf } from '../log.ts'
import type { Act, Scene } from '../scene.ts'
import { explain } from '../why.ts'
import { passage, refusal } from './played.ts'

const REPORTS = { path: '/v1/reports' } as const

const rule: Scene = {
  name: 'A rule about whose account',
  request: 'alice pays from bob’s account B-200',
  expected: '403',
  play: async ({ client, issuer }) => {
    const credential = await logIn(issuer.url, { user: 'alice', scopes: ['payments.write'] })
    const told = await client.send({ method: 'POST', path: '/v1/accounts/B-200/transfers', credential })
    return refusal(told, { status: 403, reason: 'policy.rule.own-accounts-only' })
  },
}

const shadow: Scene = {
  name: 'A rule in shadow',
  request: 'a nightly job reads reports; a new rule against that is still in shadow',
  expected: '200, and the record says what the rule would have done',
  play: async ({ client, issuer }) => {
    const credential = await machineToken(issuer.url, ['reports.read'])
    const told = await client.send({ ...REPORTS, credential })
    const played = await passage(
      told,
      `the application saw x-vigil-subject: ${told.echo?.headers['x-vigil-subject']}`,
    )
    const { decision } = await told.record()
    const [would] = decision.shadow
    return {
      ...played,
      isAsExpected:
        played.isAsExpected && would?.rule === 'no-reports-for-machines' && would.effect === 'deny',
    }
  },
}

const liveEdit: Scene = {
  name: 'A live policy edit',
  request: '`shadow: true` is deleted from vigil.yaml while Vigil runs; the job reads again',
  expected: '403, without a restart',
  play: async (world) => {
    const generation = await editLive(world, () => editConfig(world, 'shadow: true', 'shadow: false'))
    const credential = await machineToken(world.issuer.url, ['reports.read'])
    const told = await world.client.send({ ...REPORTS, credential })
    const played = await refusal(told, { status: 403, reason: 'policy.rule.no-reports-for-machines' })
    return { ...played, got: `configuration ${generation} took over; ${played.got}` }
  },
}

const allowEverything: Scene = {
  name: 'A rule that allows everything',
  request: '`when: true, effect: allow` becomes the first rule; then a captured request is sent again',
  expected: '200 by that rule, and still 401 for the replay',
  play: async (world) => {
    const first = 'policy:\n  - { name: allow-everything, when: true, effect: allow }\n'
    await editLive(world, () => editConfig(world, 'policy:\n', first))
    const credential = await logIn(world.issuer.url, { user: 'alice', key: await newKey() })
    const ask = { path: '/v1/accounts', credential }
    const proof = await proofFor(credential, { method: 'GET', url: world.client.url(ask) })
    const passed = await world.client.send({ ...ask, proof })
    const replayed = await world.client.send({ ...ask, proof })
    const wanted = { status: 401, error: 'invalid_dpop_proof', reason: 'identity.dpop.replayed' }
    const played = await refusal(replayed, wanted)
    const { decision } = await passed.record()
    return {
      got: `first ${passed.status} by rule ${decision.rule}, then ${played.got}`,
      why: `Rules are asked only for what passed the gate. ${played.why}`,
      isAsExpected: played.isAsExpected && passed.status === 200 && decision.rule === 'allow-everything',
    }
  },
}

const brokenEdit: Scene = {
  name: 'A broken edit',
  request: 'somebody writes `efect: deny` into vigil.yaml; alice reads her accounts',
  expected:
    '200: the last good configuration goes on; a metric says so, and where the mistake is can be read',
  play: async (world) => {
    const { vigil, client, issuer } = world
    const generation = await vigil.metric('vigil_config_generation')
    editConfig(world, 'effect: allow }', 'efect: deny }')
    await vigil.waitForMetric('vigil_config_last_reload_successful', (value) => value === 0)
    const credential = await logIn(issuer.url, { user: 'alice' })
    const told = await client.send({ path: '/v1/accounts', credential })
    const isKept = (await vigil.metric('vigil_config_generation')) === generation
    const mistake = vigil.lastLog(/\befect\b.*configuration refused/)
    const where = mistake === undefined ? 'Nobody names the mistake.' : `Vigil’s log: ${sentenceOf(mistake)}`
    return {
      got: `${told.status}; vigil_config_last_reload_successful 0, still configuration ${generation}`,
      why: `${where} ${await explain(await told.record())}`,
      isAsExpected: told.status === 200 && isKept && mistake !== undefined,
    }
  },
}

export const policyAct: Act = {
  title: 'What do the rules say?',
  scenes: [rule, shadow, liveEdit, allowEverything, brokenEdit],
}
