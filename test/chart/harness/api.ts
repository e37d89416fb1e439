import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { CHART, type KubeObject, parseObjects, type Said } from './helm.ts'

/** Kinds of the chart, by group and version; Helm 4 asks for each of them. */
type Kinds = Readonly<Record<string, readonly string[]>>

const KINDS: Kinds = {
  v1: ['ConfigMap', 'Secret', 'Service', 'ServiceAccount'],
  'apps/v1': ['Deployment'],
  'batch/v1': ['Job'],
  'networking.k8s.io/v1': ['NetworkPolicy'],
  'policy/v1': ['PodDisruptionBudget'],
}

const plural = (kind: string) => kind.toLowerCase().replace(/y$/, 'ie').concat('s')

const resource = (kind: string) => ({
  name: plural(kind),
  singularName: kind.toLowerCase(),
  namespaced: true,
  kind,
  verbs: ['get'],
})

function discovery(known: Kinds): Record<string, object> {
  const groups = Object.keys(known).flatMap((groupVersion) => {
    const [name, version] = groupVersion.split('/')
    const told = { groupVersion, version }
    return version === undefined ? [] : [{ name, versions: [told], preferredVersion: told }]
  })
  const lists = Object.entries(known).map(([groupVersion, kinds]) => [
    `${groupVersion === 'v1' ? '/api' : '/apis'}/${groupVersion}`,
    { kind: 'APIResourceList', groupVersion, resources: kinds.map(resource) },
  ])
  return {
    '/version': { major: '1', minor: '36', gitVersion: 'v1.36.3' },
    '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups },
    ...Object.fromEntries(lists),
  }
}

const NOT_FOUND = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }

const pathOf = ({ kind, metadata: { name, namespace } }: KubeObject) =>
  `/api/v1/namespaces/${namespace}/${plural(kind)}/${name}`

/** `helm template --dry-run=server` of these values: renders as an installation into this cluster would. */
export type AskHelm = (values: object) => Promise<Said>

/** Runs `act` beside a stand-in for an API server that knows these objects and further kinds, and nothing else. */
export async function withApi<T>(
  helm: string,
  objects: readonly KubeObject[],
  act: (ask: AskHelm) => Promise<T>,
  moreKinds: Kinds = {},
): Promise<T> {
  const answers = {
    ...discovery({ ...KINDS, ...moreKinds }),
    ...Object.fromEntries(objects.map((each) => [pathOf(each), each])),
  }
  const server = createServer((request, response) => {
    const body = answers[request.url?.split('?', 1)[0] ?? '']
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? NOT_FOUND))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'vigil-api-'))
  try {
    const { port } = server.address() as AddressInfo
    writeFileSync(join(folder, 'kubeconfig'), kubeconfig(`http://127.0.0.1:${port}`))
    return await act((values) => {
      writeFileSync(join(folder, 'values.yaml'), stringify(values))
      return runHelm(helm, folder, moreKinds)
    })
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const kubeconfig = (server: string) =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'a', cluster: { server } }],
    users: [{ name: 'a', user: {} }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  })

/** Not blocking: the server that Helm asks lives in this process. */
function runHelm(helm: string, folder: string, moreKinds: Kinds): Promise<Said> {
  const args = ['template', 'vigil', CHART, '--namespace', 'vigil-system', '--dry-run=server']
  // There are no schemas to be had here.
  args.push('--disable-openapi-validation')
  // Helm 3 asks the cluster for objects, but not for its version and kinds.
  args.push('--kube-version', '1.36.3', '--values', join(folder, 'values.yaml'))
  const known = Object.entries(moreKinds).flatMap(([group, kinds]) => kinds.map((kind) => `${group}/${kind}`))
  args.push(...known.flatMap((kind) => ['--api-versions', kind]))
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') }
  return new Promise((resolve) => {
    execFile(helm, args, { env, timeout: 60_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    )
  })
}

/** The objects of a render that went well. @throws Error with what Helm said */
export function objectsOf({ status, stdout, stderr }: Said): KubeObject[] {
  if (status !== 0) throw new Error(stderr)
  return parseObjects(stdout)
}
