import { logIn } from '../credentials.ts'
import { OTHER_API } from '../people.ts'
import type { Act } from '../scene.ts'
import { explain } from '../why.ts'

const ACCOUNTS = '/v1/accounts'

export const identityAct: Act = {
  title: 'Who is calling?',
  scenes: [
    {
      name: 'A normal read',
      request: 'GET /v1/accounts with alice’s access token',
      expected: '200, and the application is told who calls',
      play: async ({ client, issuer }) => {
        const credential = await logIn(issuer.url, { user: 'alice' })
        const told = await client.send({ path: ACCOUNTS, credential })
        const seen = told.echo?.headers ?? {}
        return {
          got: `${told.status}; the application saw x-vigil-subject: ${seen['x-vigil-subject']}, x-vigil-scope: ${seen['x-vigil-scope']}, x-vigil-risk: ${seen['x-vigil-risk']}`,
          why: await explain(await told.record()),
          isAsExpected:
            told.status === 200 && seen['x-vigil-subject'] === 'alice' && seen['x-vigil-risk'] === 'low',
        }
      },
    },
    {
      name: 'A forged identity header',
      request: 'the same, plus x-vigil-subject: admin and x-vigil-actor: admin',
      expected: '200 as alice; nothing of what the client wrote arrives',
      play: async ({ client, issuer }) => {
        const credential = await logIn(issuer.url, { user: 'alice' })
        const headers = { 'x-vigil-subject': 'admin', 'x-vigil-actor': 'admin' }
        const told = await client.send({ path: ACCOUNTS, credential, headers })
        const seen = told.echo?.headers ?? {}
        return {
          got: `${told.status}; the application saw x-vigil-subject: ${seen['x-vigil-subject']}, x-vigil-actor: ${seen['x-vigil-actor'] ?? 'none'}`,
          why: `Identity headers are Vigil’s to set: what a client sends under these names is removed. ${await explain(await told.record())}`,
          isAsExpected:
            told.status === 200 && seen['x-vigil-subject'] === 'alice' && !told.body.includes('admin'),
        }
      },
    },
    {
      name: 'No token',
      request: 'GET /v1/accounts, nothing else',
      expected: '401 that names both ways to authenticate',
      play: async ({ client }) => {
        const told = await client.send({ path: ACCOUNTS })
        const schemes = told.values('www-authenticate').map((line) => line.split(' ')[0])
        return {
          got: `${told.status}, WWW-Authenticate: ${schemes.join(' and ')}`,
          why: await explain(await told.record()),
          isAsExpected: told.status === 401 && schemes.join() === 'DPoP,Bearer' && told.echo === undefined,
        }
      },
    },
    {
      name: 'A token for another API',
      request: 'alice’s token for the payroll API, shown to the accounts API',
      expected: '401 invalid_token',
      play: async ({ client, issuer }) => {
        const credential = await logIn(issuer.url, { user: 'alice', audience: OTHER_API })
        const told = await client.send({ path: ACCOUNTS, credential })
        const challenge = told.value('www-authenticate') ?? ''
        return {
          got: `${told.status}, ${challenge.match(/error="[^"]*"/)?.[0]}`,
          why: await explain(await told.record()),
          isAsExpected:
            told.status === 401 && challenge.includes('error="invalid_token"') && told.echo === undefined,
        }
      },
    },
  ],
}
