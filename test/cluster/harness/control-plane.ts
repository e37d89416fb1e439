import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clusterPath } from '../../../scripts/tools/locate.ts'
import { freePorts } from '../../harness/ports.ts'
import { type Running, start } from '../../harness/process.ts'
import { type Api, openApi } from './api.ts'

/** A real API server with its store and the controllers that turn a Deployment or Job into Pods; no node. */
export interface ControlPlane {
  readonly kubeconfig: string
  readonly api: Api
  /** What the API server calls itself. */
  readonly version: string
  stop(): Promise<void>
}

/** Without those that want a cloud, a scheduler or a real node. */
const CONTROLLERS = [
  ...[
    'deployment',
    'replicaset',
    'job',
    'disruption',
    'garbage-collector',
    'namespace',
    'serviceaccount',
  ].map((name) => `${name}-controller`),
  'root-ca-certificate-publisher-controller',
]

/** Makes EndpointSlices, which refuse loopback addresses. */
const ENDPOINTS = 'endpointslice-controller'

/**
 * Starts it on free loopback ports, in a folder of its own that goes with it.
 * @param flags further ones of the API server
 */
export async function startControlPlane(
  flags: readonly string[],
  hasEndpoints: boolean,
): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-cluster-'))
  const parts: Running[] = []
  const stop = async () => {
    for (const part of parts.toReversed()) await part.stop(10_000)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const ports = await freePorts('etcd', 'peer', 'api', 'controllers')
    parts.push(startEtcd(folder, ports))
    const token = randomBytes(24).toString('hex')
    const server = startApiServer(folder, ports, token, flags)
    parts.push(server)
    const certificate = join(folder, 'certs', 'apiserver.crt')
    const ca = await server.waitUntil('its certificate', () => readIfThere(certificate), 30_000)
    const api = openApi(ports.api, ca, token)
    await server.waitUntil('ready', () => isReady(api), 60_000)
    const kubeconfig = writeKubeconfig(folder, ports.api, ca, token)
    const controllers = startControllers(folder, ports.controllers, kubeconfig, hasEndpoints)
    parts.push(controllers)
    await controllers.waitUntil('a service account', () => isReady(api, DEFAULT_ACCOUNT), 30_000)
    const version = (await api.get('/version'))['gitVersion'] as string
    const close = async () => {
      api.close()
      await stop()
    }
    return { kubeconfig, api, version, stop: close }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The first thing that the controllers make. */
const DEFAULT_ACCOUNT = '/api/v1/namespaces/default/serviceaccounts/default'

function binary(name: string): string {
  const path = clusterPath(name)
  if (path === undefined) throw new Error(`no ${name}: run \`npm run tools -- --cluster\``)
  return path
}

function startEtcd(folder: string, ports: { etcd: number; peer: number }): Running {
  const url = (port: number) => `http://127.0.0.1:${port}`
  return start(binary('etcd'), [
    ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn'],
    ...['--listen-client-urls', url(ports.etcd), '--advertise-client-urls', url(ports.etcd)],
    ...['--listen-peer-urls', url(ports.peer), '--initial-advertise-peer-urls', url(ports.peer)],
    ...['--initial-cluster', `default=${url(ports.peer)}`],
  ])
}

function startApiServer(
  folder: string,
  ports: { etcd: number; api: number },
  token: string,
  flags: readonly string[],
): Running {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const [signing, verifying, tokens] = ['sa.key', 'sa.pub', 'tokens.csv'].map((name) => join(folder, name))
  writeFileSync(signing ?? '', privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  writeFileSync(verifying ?? '', publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(tokens ?? '', `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  mkdirSync(join(folder, 'certs'))
  return start(binary('kube-apiserver'), [
    ...[`--etcd-servers=http://127.0.0.1:${ports.etcd}`, `--secure-port=${ports.api}`],
    ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none'],
    ...[`--cert-dir=${join(folder, 'certs')}`, `--token-auth-file=${tokens}`, '--authorization-mode=RBAC'],
    ...['--service-cluster-ip-range=10.0.0.0/24', '--profiling=false'],
    ...['--service-account-issuer=https://kubernetes.default.svc'],
    ...[`--service-account-key-file=${verifying}`, `--service-account-signing-key-file=${signing}`],
    ...flags,
  ])
}

function startControllers(folder: string, port: number, kubeconfig: string, hasEndpoints: boolean): Running {
  const names = hasEndpoints ? [...CONTROLLERS, ENDPOINTS] : CONTROLLERS
  return start(binary('kube-controller-manager'), [
    ...['--kubeconfig', kubeconfig, '--bind-address', '127.0.0.1', '--secure-port', String(port)],
    ...['--leader-elect=false', '--service-account-private-key-file', join(folder, 'sa.key')],
    ...['--root-ca-file', join(folder, 'certs', 'apiserver.crt'), '--cert-dir', join(folder, 'kcm')],
    ...['--controllers', names.join(',')],
  ])
}

/** JSON is YAML. */
function writeKubeconfig(folder: string, port: number, ca: string, token: string): string {
  const file = join(folder, 'kubeconfig')
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'tests', cluster }],
    users: [{ name: 'tests', user: { token } }],
    contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'tests' } }],
    'current-context': 'tests',
  }
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

async function isReady(api: Api, path = '/readyz'): Promise<boolean> {
  try {
    return (await api.ask('GET', path)).status === 200
  } catch {
    return false // not listening yet
  }
}

function readIfThere(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    return text.includes('-----END CERTIFICATE-----') ? text : undefined
  } catch {
    return undefined // not written yet
  }
}
