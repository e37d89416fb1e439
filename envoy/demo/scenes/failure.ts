import { logIn } from '../credentials.ts'
import type { Act } from '../scene.ts'
import { reached } from './played.ts'

export const failureAct: Act = {
  title: 'And when Vigil is gone?',
  scenes: [
    {
      name: 'Vigil is stopped',
      request: 'GET /v1/accounts with alice’s good token, after Vigil has ended',
      expected: '503: no answer is no permission',
      play: async ({ client, issuer, vigil }) => {
        const credential = await logIn(issuer.url, { user: 'alice' })
        await vigil.stop()
        const told = await client.send({ path: '/v1/accounts', credential })
        return {
          got: `${told.status}; ${reached(told)}`,
          why: 'Nobody decided, so there is no record: Envoy says no by itself (failure_mode_allow: false, status_on_error 503).',
          isAsExpected: told.status === 503 && told.echo === undefined,
        }
      },
    },
  ],
}
