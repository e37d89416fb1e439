import { join } from 'node:path'
import { type Credential, logIn, newKey, proofFor } from './credentials.ts'
import { isUser, SCOPES } from './people.ts'
import { ABROAD, HOME } from './places.ts'
import type { World } from './world.ts'

/** Two pages beside the authorization server that hand out what curl needs: nobody types a login flow by hand. */
export function addPages({ issuer, ports }: World): void {
  issuer.page('/demo/token', async (url) => `${(await logIn(issuer.url, login(url))).token}\n`)

  const held = new Map<string, Promise<Credential>>()
  issuer.page('/demo/dpop', async (url) => {
    const { user } = login(url)
    const credential = held.get(user) ?? newKey().then((key) => logIn(issuer.url, { ...login(url), key }))
    held.set(user, credential)
    return curlConfig(await credential, url, `http://127.0.0.1:${ports.PLAIN_PORT}`)
  })
}

function login(url: URL) {
  const wanted = (name: string) => url.searchParams.get(name)
  const user = wanted('user') ?? 'alice'
  if (!isUser(user)) throw new Error('user must be alice, bob or carol')
  const [acr, device] = [wanted('acr'), wanted('device')]
  return { user, scopes: SCOPES, ...(acr !== null && { acr }), ...(device !== null && { device }) } as const
}

/** A file for `curl --config`: the URL, the bound token, and a proof that is good for one use. */
async function curlConfig(credential: Credential, page: URL, origin: string): Promise<string> {
  const method = page.searchParams.get('method') ?? 'GET'
  const url = `${origin}${page.searchParams.get('path') ?? '/v1/accounts'}`
  const proof = await proofFor(credential, { method, url })
  return [
    `url = "${url}"`,
    `request = "${method}"`,
    `header = "authorization: DPoP ${credential.token}"`,
    `header = "dpop: ${proof}"`,
    '',
  ].join('\n')
}

/** What to try once the scenes are over. */
export function invitation({ issuer, ports, files }: World): string {
  const proxied = `http://127.0.0.1:${ports.PROXIED_PORT}`
  const api = `http://127.0.0.1:${ports.PLAIN_PORT}`
  // It holds a live credential: this folder is readable by its owner only, and goes when the demo ends.
  const once = join(files.folder, 'once')
  return `Vigil stays up until Ctrl-C. Try it from another terminal:

  TOKEN=$(curl -s '${issuer.url}/demo/token?user=alice')
  curl -i -H "authorization: Bearer $TOKEN" ${api}/v1/accounts        # 200, and what the application saw
  curl -i ${api}/v1/accounts                                          # 401, asks for a token
  curl -i -H "authorization: Bearer $TOKEN" ${api}/v1/secrets         # 403, not in the catalogue of actions
  curl -i -X POST -H "authorization: Bearer $TOKEN" ${api}/v1/accounts/B-200/transfers   # 403, not her account

A token that is bound to a key, and its replay:

  curl -s '${issuer.url}/demo/dpop?user=alice&path=/v1/accounts' > ${once}
  curl -i --config ${once}    # 200
  curl -i --config ${once}    # 401: the proof was used before

From another country: carol has always come from Germany.

  CAROL=$(curl -s '${issuer.url}/demo/token?user=carol')
  curl -i -H "authorization: Bearer $CAROL" -H 'x-forwarded-for: ${HOME.ip}' ${proxied}/v1/accounts    # 200
  curl -i -H "authorization: Bearer $CAROL" -H 'x-forwarded-for: ${ABROAD.ip}' ${proxied}/v1/accounts    # 401, log in again

  why            tail -n 1 ${files.records}
                 npm run build && npx vigil explain ${files.records}    # the last refusal in plain words
  edit the rules ${files.config}    # what Vigil says to it appears here
  metrics        http://127.0.0.1:${ports.PROBES_PORT}/metrics
  Envoy          http://127.0.0.1:${ports.ADMIN_PORT}/
`
}
