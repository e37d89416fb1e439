/** Vigil closed to strangers by mutual TLS, in running pods: who is answered, what `helm test` says, and a new certificate. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeCa, makeLeaf, type Pair } from '../../scripts/certs/make.ts'
import { over } from '../chart/harness/values.ts'
import { openCheckClient } from '../harness/check-client.ts'
import { mintNow } from '../harness/live.ts'
import { issuerOf } from '../harness/tokens.ts'
import { describeWithCluster } from '../harness/tools.ts'
import { waitUntil } from '../harness/wait.ts'
import { type Cluster, expectDone, startCluster } from './harness/cluster.ts'

const NAMESPACE = 'closed'
const HOST = `vigil.${NAMESPACE}.svc.cluster.local`
const GATEWAY = 'spiffe://cluster.local/ns/edge/sa/gateway'
const PROBE = 'spiffe://cluster.local/ns/closed/sa/probe'
const VALUES = {
  replicaCount: 1,
  tls: { mode: 'secret', existingSecret: 'vigil-tls' },
  probe: { existingSecret: 'vigil-probe', waitSeconds: 20 },
  lifecycle: { preStopSleepSeconds: 1 },
  config: {
    static: {
      server: { callers: [GATEWAY, PROBE], drainDelaySeconds: 0, drainTimeoutSeconds: 5, deadlineMs: 20_000 },
    },
    dynamic: {
      identity: { issuers: [issuerOf()] },
      actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
      entrypoints: [{ name: 'edge', externalOrigins: ['https://api.example.com'] }],
    },
  },
}

let cluster: Cluster
let folder: string
let ca: Pair
let foreignCa: Pair
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-callers-'))
  ca = makeCa(folder)
  foreignCa = makeCa(folder, 'foreign')
  cluster = await startCluster()
  await cluster.namespace(NAMESPACE)
}, 120_000)
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

let count = 0
/** A certificate, signed by the CA of all unless told otherwise. */
const certificate = (name: string, signer = ca) => {
  const usage = name.startsWith('DNS:') ? ('serverAuth' as const) : ('clientAuth' as const)
  return makeLeaf(folder, signer, { stem: `leaf-${++count}`, names: [name], usage })
}

/** As cert-manager writes it. */
async function putSecret(name: string, { cert, key }: Pair): Promise<void> {
  const [crt, secret, root] = [cert, key, ca.cert].map((file) => readFileSync(file, 'utf8'))
  const stringData = { 'tls.crt': crt, 'tls.key': secret, 'ca.crt': root }
  const metadata = { name, namespace: NAMESPACE }
  await cluster.api.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData })
}

/** What an Envoy with this certificate is told about a good token; the server is checked against `root`. */
async function askAs(
  pair: Pair | undefined,
  root = ca,
): Promise<{ status: number; reasons: readonly string[] }> {
  const [rootPem, keyPem, certPem] = [root.cert, pair?.key, pair?.cert].map(
    (file) => file && readFileSync(file),
  )
  const channel = credentials.createSsl(
    rootPem as Buffer,
    (keyPem as Buffer) ?? null,
    (certPem as Buffer) ?? null,
  )
  const named = { 'grpc.ssl_target_name_override': HOST, 'grpc.default_authority': HOST }
  const [pod] = cluster.kubelet.podsOf(NAMESPACE)
  const client = openCheckClient(`${pod?.address}:9000`, channel, named)
  try {
    return await client.ask({ path: '/v1/items', headers: { authorization: `Bearer ${mintNow()}` } })
  } finally {
    client.close()
  }
}

const readyReplicas = async () =>
  (await cluster.api.get(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments/vigil`))['status']
    .readyReplicas ?? 0

describeWithCluster(
  'Vigil with a list of callers',
  (helm) => {
    const helmTest = () => cluster.helm(helm, 'test', 'vigil', '-n', NAMESPACE, '--logs', '--timeout', '60s')
    const upgrade = async (layer: Parameters<typeof over>[1]) =>
      expectDone(
        await cluster.put(helm, 'upgrade', NAMESPACE, over(VALUES, layer), '--wait', '--timeout', '60s'),
      )

    /** `helm test` that must be red, and what it says. */
    const failingTest = async () => {
      const { status, stdout } = await helmTest()
      expect(status).not.toBe(0)
      return stdout
    }

    beforeAll(async () => {
      await putSecret('vigil-tls', certificate(`DNS:${HOST}`))
      await putSecret('vigil-probe', certificate(`URI:${PROBE}`))
      const said = await cluster.put(helm, 'install', NAMESPACE, VALUES, '--wait', '--timeout', '60s')
      expectDone(said, cluster.kubelet.outputOf(NAMESPACE))
      process.stdout.write(`callers: mutual TLS and helm test on Kubernetes ${cluster.version}\n`)
    }, 120_000)

    test('answers the one that is named', async () => {
      expect((await askAs(certificate(`URI:${GATEWAY}`))).status).toBe(200)
    })

    test('refuses one with a certificate of the same CA and another name', async () => {
      const { status, reasons } = await askAs(certificate('URI:spiffe://cluster.local/ns/edge/sa/other'))
      expect([status, reasons]).toEqual([403, ['check.caller.refused']])
    })

    test('shakes no hand without a certificate, or with one of a foreign CA', async () => {
      await expect(askAs(undefined)).rejects.toThrow(/UNAVAILABLE/)
      await expect(askAs(certificate(`URI:${GATEWAY}`, foreignCa))).rejects.toThrow(/UNAVAILABLE/)
    })

    test('is found well by helm test, which says why', async () => {
      const said = await helmTest()
      expectDone(said, cluster.kubelet.outputOf(NAMESPACE))
      expect(said.stdout).toContain(`${HOST}:9000 (TLS with a client certificate)`)
      expect(said.stdout).toContain('ok    allowed: passed, as it must')
      expect(said.stdout).toContain('ok    denied: refused with 403, as it must be')
    }, 90_000)

    test('takes a new certificate without another pod', async () => {
      const [before] = cluster.kubelet.podsOf(NAMESPACE)
      await putSecret('vigil-tls', certificate(`DNS:${HOST}`, foreignCa))
      const gateway = certificate(`URI:${GATEWAY}`)
      await waitUntil('the new certificate', 20_000, async () => {
        return (await askAs(gateway, foreignCa).catch(() => undefined))?.status === 200
      })
      expect(cluster.kubelet.podsOf(NAMESPACE).map(({ name }) => name)).toEqual([before?.name])
    }, 60_000)

    test('fails helm test when its certificate is a foreign one', async () => {
      await upgrade({ probe: { waitSeconds: 2 } })
      expect(await failingTest()).toMatch(/Its certificate is not of a CA that is known here/)
    }, 90_000)

    test('fails helm test when it refuses what it must answer', async () => {
      await putSecret('vigil-tls', certificate(`DNS:${HOST}`))
      await putSecret('vigil-probe', certificate('URI:spiffe://cluster.local/ns/closed/sa/other'))
      await waitUntil('the old CA', 20_000, async () => {
        return (await askAs(certificate(`URI:${GATEWAY}`)).catch(() => undefined))?.status === 200
      })
      expect(await failingTest()).toMatch(/The Envoy that asked is not on the list of callers/)
    }, 90_000)

    test('fails helm test when it is not there', async () => {
      await putSecret('vigil-probe', certificate(`URI:${PROBE}`))
      await upgrade({ probe: { waitSeconds: 2 } })
      const scale = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/vigil/scale`
      await cluster.api.ask('PATCH', scale, { spec: { replicas: 0 } }, 'application/merge-patch+json')
      await waitUntil('no pod', 20_000, async () => (await readyReplicas()) === 0)
      expect(await failingTest()).toMatch(/ECONNREFUSED.*\n.*is it running and ready/)
    }, 90_000)
  },
  ['helm'],
)
