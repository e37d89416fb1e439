import { Agent, request } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeObject } from '../../chart/harness/helm.ts'

/** What the API server says: the status, and the object, list or Status. */
export interface Answer {
  readonly status: number
  readonly body: KubeObject
}

/** Speaks to the API server as an administrator. */
export interface Api {
  ask(method: string, path: string, body?: object, type?: string): Promise<Answer>
  /** @throws Error when it is not there */
  get(path: string): Promise<KubeObject>
  /** The items of a list. */
  list(path: string): Promise<KubeObject[]>
  /** Creates or changes the object as a whole (server-side apply). @throws Error with the server's refusal */
  apply(object: object): Promise<void>
  close(): void
}

/** Where kinds live whose plural is not the lower-cased kind with an s. */
const PLURALS: Readonly<Record<string, string>> = {
  NetworkPolicy: 'networkpolicies',
  AuthorizationPolicy: 'authorizationpolicies',
  SecurityPolicy: 'securitypolicies',
  BackendTLSPolicy: 'backendtlspolicies',
  WorkloadEntry: 'workloadentries',
  GatewayClass: 'gatewayclasses',
  EnvoyProxy: 'envoyproxies',
}

/** Kinds without a namespace. */
const CLUSTERED = new Set(['Namespace', 'Node', 'CustomResourceDefinition', 'GatewayClass'])

export function openApi(port: number, ca: string, token: string): Api {
  const agent = new Agent({ keepAlive: true, ca })
  const ask: Api['ask'] = (method, path, body, type = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': type }
      const call = request({ agent, host: '127.0.0.1', port, method, path, headers, timeout: 30_000 })
      call.on('error', reject)
      call.on('timeout', () => call.destroy(new Error(`no answer to ${method} ${path}`)))
      call.on('response', async (response) => {
        try {
          const text = (await response.toArray()).join('')
          const isJson = response.headers['content-type']?.startsWith('application/json')
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : { kind: text } })
        } catch (error) {
          reject(error)
        }
      })
      call.end(body === undefined ? undefined : JSON.stringify(body))
    })
  const succeed = async (method: string, path: string, body?: object, type?: string) => {
    let answer = await ask(method, path, body, type)
    // A kind that has only just been defined is not read yet.
    while (answer.status === 429 && method === 'GET') {
      await sleep(200)
      answer = await ask(method, path, body, type)
    }
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body['message'] ?? ''}`)
    return answer.body
  }
  return {
    ask,
    get: (path) => succeed('GET', path),
    list: async (path) => (await succeed('GET', path))['items'] as KubeObject[],
    apply: async (object) => {
      const path = `${pathOf(object as KubeObject)}?fieldManager=tests&force=true&fieldValidation=Strict`
      await succeed('PATCH', path, object, 'application/apply-patch+yaml')
    },
    close: () => agent.destroy(),
  }
}

/** Path of an object at the API server. */
export function pathOf({ apiVersion, kind, metadata }: KubeObject, namespace = 'default'): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const plural = PLURALS[kind] ?? (kind.endsWith('s') ? kind.toLowerCase() : `${kind.toLowerCase()}s`)
  const scope = CLUSTERED.has(kind) ? '' : `/namespaces/${metadata.namespace ?? namespace}`
  return `${root}${scope}/${plural}/${metadata.name}`
}
