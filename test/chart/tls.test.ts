/** Each way to a certificate: the same paths in the pods, files that are there, and nobody who may ask unasked. */
import { expect, test } from '@jest/globals'
import { describeWithHelm } from '../harness/tools.ts'
import { objectsOf, withApi } from './harness/api.ts'
import { type KubeObject, one, refusal, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

type Layer = Parameters<typeof over>[1]

const CALLER = 'spiffe://example.org/ns/ingress/sa/envoy'
const CALLERS = { config: { static: { server: { callers: [CALLER] } } } }
const mode = (tls: object, more: Layer = {}) => over(over(MINIMAL, { ...CALLERS, tls }), more)

const CERT_MANAGER = { mode: 'certManager', certManager: { issuerRef: { name: 'ca' } } }
const SPIFFE = { mode: 'spiffeCsi', spiffeCsi: { trustDomain: 'example.org' } }
const POD = {
  mode: 'podCertificate',
  podCertificate: { signerName: 'example.com/services' },
  clientCa: { configMap: 'envoys' },
}
const MODES: readonly (readonly [string, Layer])[] = [
  ['secret', { mode: 'secret', existingSecret: 'vigil-tls' }],
  ['certManager', CERT_MANAGER],
  ['spiffeCsi', SPIFFE],
  ['podCertificate', POD],
]

const podOf = (objects: readonly KubeObject[], kind: string, name: string) =>
  one(objects, kind, name)['spec'].template.spec
const volumeOf = (pod: KubeObject['spec'], name: string) =>
  pod.volumes.find((volume: { name: string }) => volume.name === name)
const staticOf = (objects: readonly KubeObject[]) =>
  one(objects, 'ConfigMap', 'vigil-static')['data']['static.yaml'] as string

/** Paths that the volume will hold, as far as the chart names them. */
function filesOf({ secret, projected, csi }: KubeObject['spec']): string[] {
  if (csi !== undefined) return ['tls.crt', 'tls.key', 'ca.crt']
  if (secret !== undefined) return secret.items.map(({ path }: { path: string }) => path)
  return projected.sources.flatMap(({ podCertificate: pair, ...ca }: KubeObject['spec']) =>
    pair === undefined ? [ca.path ?? 'ca.crt'] : [pair.certificateChainPath, pair.keyPath],
  )
}

describeWithHelm('every mode in which Vigil speaks TLS', (helm) => {
  test.each(MODES)('%s mounts what static.yaml names', (_, tls) => {
    const objects = render(helm, mode(tls))
    const pod = podOf(objects, 'Deployment', 'vigil')
    const [container] = pod.containers
    const named = [...staticOf(objects).matchAll(/(?:certFile|keyFile|clientCaFile): (\S+)/g)]
    expect(named).toHaveLength(3)
    for (const [, path = ''] of named) {
      const folder = path.slice(0, path.lastIndexOf('/'))
      const mount = container.volumeMounts.find((each: KubeObject) => each['mountPath'] === folder)
      expect(filesOf(volumeOf(pod, mount.name))).toContain(path.slice(folder.length + 1))
    }
  })

  test.each(MODES)('%s keeps its port from whoever is not named', (_, tls) => {
    expect(staticOf(render(helm, mode(tls)))).toContain(`- ${CALLER}`)
    const anybody = over(MINIMAL, { tls })
    expect(refusal(helm, anybody)).toContain('give config.static.server.callers')
    expect(() => render(helm, over(anybody, { acknowledge: { anyCaller: true } }))).not.toThrow()
  })

  test.each(MODES)('%s is no plaintext to the Service', (_, tls) => {
    const [port] = one(render(helm, mode(tls)), 'Service')['spec'].ports
    expect(port).not.toHaveProperty('appProtocol')
  })

  test.each(MODES.slice(1))('%s does not keep the check before the installation waiting', (_, tls) => {
    const objects = render(helm, mode(tls))
    const pod = podOf(objects, 'Job', 'vigil-check')
    expect(volumeOf(pod, 'tls').configMap).toMatchObject({ name: 'vigil-check' })
    expect(one(objects, 'ConfigMap', 'vigil-check')['data'].placeholder).toBe('')
  })

  test.each(MODES)('%s takes the CA of the Envoys from elsewhere', (_, tls) => {
    const objects = render(helm, mode({ ...tls, clientCa: { secret: 'own', key: 'pem' } }))
    expect(staticOf(objects)).toContain('clientCaFile: /etc/vigil/client-ca/ca.crt')
    const { sources } = volumeOf(podOf(objects, 'Deployment', 'vigil'), 'client-ca').projected
    expect(sources).toEqual([{ secret: { name: 'own', items: [{ key: 'pem', path: 'ca.crt' }] } }])
    const { secret } = volumeOf(podOf(objects, 'Deployment', 'vigil'), 'tls')
    if (secret !== undefined) expect(filesOf({ secret })).not.toContain('ca.crt')
  })
})

describeWithHelm('cert-manager', (helm) => {
  const certificates = (values: Layer) =>
    render(helm, values).filter(({ kind }) => kind === 'Certificate') as KubeObject[]

  test('is asked for every name by which Envoys ask, and for no more than a server needs', () => {
    const own = over(mode(CERT_MANAGER), { tls: { certManager: { dnsNames: ['vigil.example.com'] } } })
    const { spec } = one(certificates(own), 'Certificate') as KubeObject
    const names = ['vigil', 'vigil-headless'].flatMap((name) =>
      ['', '.vigil-system', '.vigil-system.svc', '.vigil-system.svc.cluster.local'].map((end) => name + end),
    )
    expect(spec.dnsNames).toEqual([...names, 'vigil.example.com'])
    expect(spec.usages).toEqual(['digital signature', 'server auth'])
    expect(spec.privateKey).toEqual({ algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' })
  })

  test('brings helm test a certificate, whose name is a caller', () => {
    const objects = render(helm, mode(CERT_MANAGER))
    const { spec } = one(objects, 'Certificate', 'vigil-probe')
    expect(spec).toMatchObject({
      secretName: 'vigil-probe-tls',
      usages: ['digital signature', 'client auth'],
    })
    expect(staticOf(objects)).toContain(`- ${spec.dnsNames[0]}`)
    expect(one(objects, 'Pod', 'vigil-probe')['spec'].volumes[0].secret.secretName).toBe('vigil-probe-tls')
  })

  test.each<[string, Layer]>([
    ['a Secret of its own', { probe: { existingSecret: 'own' } }],
    ['another CA of the Envoys', { tls: { clientCa: { configMap: 'envoys' } } }],
    ['no probe', { probe: { enabled: false } }],
  ])('brings it none with %s, and nobody else becomes a caller', (_, more) => {
    const values = mode(CERT_MANAGER, more)
    expect(certificates(values)).toHaveLength(1)
    expect(staticOf(render(helm, values))).not.toContain('vigil-probe')
  })
})

describeWithHelm('a SPIFFE driver', (helm) => {
  test('gives helm test the identity of the pods, which is a caller', () => {
    const objects = render(helm, mode(SPIFFE))
    const id = 'spiffe://example.org/ns/vigil-system/sa/vigil'
    const { spec } = one(objects, 'Pod', 'vigil-probe')
    expect(spec.serviceAccountName).toBe('vigil')
    expect(spec.containers[0].args).toContain(`--server-name=${id}`)
    expect(spec.volumes[0].csi.driver).toBe('spiffe.csi.cert-manager.io')
    expect(staticOf(objects)).toContain(`- ${id}`)
  })

  test('may ask in the name of this service account alone, for certificates alone', () => {
    const objects = render(helm, mode(SPIFFE, { serviceAccount: { name: 'guard' } }))
    expect(one(objects, 'Role')['rules']).toEqual([
      { apiGroups: ['cert-manager.io'], resources: ['certificaterequests'], verbs: ['create'] },
    ])
    expect(one(objects, 'RoleBinding')['subjects']).toEqual([
      { kind: 'ServiceAccount', name: 'guard', namespace: 'vigil-system' },
    ])
    const without = render(helm, mode({ ...SPIFFE, spiffeCsi: { trustDomain: 'a', rbac: false } }))
    expect(without.filter(({ kind }) => kind.startsWith('Role'))).toEqual([])
  })

  test('lets the group of the pod read, and what is written by hand wins', () => {
    const attributesOf = (more: Layer) =>
      volumeOf(podOf(render(helm, mode(SPIFFE, more)), 'Deployment', 'vigil'), 'tls').csi.volumeAttributes
    const key = 'spiffe.csi.cert-manager.io/fs-group'
    expect(attributesOf({})).toEqual({ [key]: '65532' })
    expect(attributesOf({ tls: { spiffeCsi: { volumeAttributes: { [key]: '7' } } } })).toEqual({ [key]: '7' })
    expect(attributesOf({ podSecurityContext: { fsGroup: null } })).toBeUndefined()
  })
})

describeWithHelm('certificates of pods', (helm) => {
  test('hand the signer what it is told', () => {
    const more = { userAnnotations: { 'example.com/names': 'vigil' }, maxExpirationSeconds: 3600 }
    const values = mode({ ...POD, podCertificate: { ...POD.podCertificate, ...more } })
    const [source] = volumeOf(podOf(render(helm, values), 'Deployment', 'vigil'), 'tls').projected.sources
    expect(source.podCertificate).toMatchObject({ signerName: 'example.com/services', ...more })
  })

  test.each([
    ['1.33.0', 'needs Kubernetes 1.35, and this is v1.33.0'],
    ['1.34.4', 'needs Kubernetes 1.35, and this is v1.34.4'],
  ])('are refused on Kubernetes %s', (kubernetes, words) => {
    expect(refusal(helm, mode(POD), { kubernetes })).toContain(words)
  })

  test('are taken from Kubernetes 1.35 on', () => {
    expect(() => render(helm, mode(POD), { kubernetes: '1.35.0' })).not.toThrow()
  })

  test('are refused by a cluster that does not know them, and taken by one that does', async () => {
    const cluster = ['default'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: 'vigil-system' },
    }))
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'vigil-key', namespace: 'vigil-system' },
    }
    const ask = (kinds: Record<string, readonly string[]>) =>
      withApi(helm, [...cluster, secret], (asked) => asked(mode(POD)), kinds)
    const refused = await ask({})
    expect(refused.stderr).toContain('tls.mode podCertificate is not switched on in this cluster')
    const taken = await ask({ 'certificates.k8s.io/v1beta1': ['PodCertificateRequest'] })
    expect(one(objectsOf(taken), 'Deployment')['spec'].replicas).toBe(2)
  })
})
