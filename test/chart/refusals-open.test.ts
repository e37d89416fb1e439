/** What would leave something open that looks closed: refused, with what to do. */
import { expect, test } from '@jest/globals'
import { describeWithHelm } from '../harness/tools.ts'
import { render } from './harness/helm.ts'
import { type Accepted, describeRefusals, type Refused } from './harness/refuse.ts'
import { MINIMAL, over } from './harness/values.ts'

const CALLER = 'cluster.local/ns/ingress/sa/gateway'
const GUARDED = { name: 'web', namespace: 'apps', selector: { app: 'shop' } }
const GATEWAY = { kind: 'Gateway', name: 'eg' }
const PUBLIC = { name: 'public', namespace: 'apps', targetRefs: [GATEWAY] }
const TLS = { mode: 'secret', existingSecret: 'vigil-tls' }
const NAMED = { static: { server: { callers: ['gateway.example.com'] } } }
const SPIFFE = { mode: 'spiffeCsi', spiffeCsi: { trustDomain: 'example.org' } }

const istio = (policies: readonly object[], more: object = {}) => ({
  attach: { istio: { enabled: true, policies, callers: [CALLER] } },
  ...more,
})
const envoyGateway = (policies: readonly object[], more: object = {}) => ({
  tls: TLS,
  config: NAMED,
  attach: { envoyGateway: { enabled: true, policies, tls: { caConfigMap: 'ca' } } },
  ...more,
})

const REFUSED: Refused = [
  [
    'a port that nobody closes',
    { networkPolicy: { enabled: false } },
    /nothing else says who may ask: .* acknowledge.anyCaller=true/,
  ],
  [
    'Envoy Gateway over a mesh that it is not in',
    envoyGateway([PUBLIC], { tls: {}, config: {} }),
    /Envoy Gateway is in no mesh, .* set tls.mode=secret or certManager/,
  ],
  [
    'an identity that every pod of the namespace has',
    { tls: SPIFFE, serviceAccount: { create: false }, config: NAMED },
    /service account default: .* set serviceAccount.create=true or serviceAccount.name/,
  ],
  [
    'a pod without the sidecar that guards it',
    istio([GUARDED], { podLabels: { 'sidecar.istio.io/inject': 'false' } }),
    /out of the mesh \(sidecar.istio.io\/inject: false\).*: take the label out/,
  ],
  [
    'a pod outside of the ambient mesh',
    istio([GUARDED], { podLabels: { 'istio.io/dataplane-mode': 'none' } }),
    /out of the mesh \(istio.io\/dataplane-mode: none\)/,
  ],
  [
    'a class of gateways to which nothing is attached',
    istio([{ ...GUARDED, selector: undefined, targetRefs: [{ kind: 'GatewayClass', name: 'mine' }] }]),
    /the GatewayClass mine, to which Istio attaches nothing: it takes istio-waypoint/,
  ],
  [
    'a waypoint by its label',
    istio([{ ...GUARDED, selector: { 'gateway.networking.k8s.io/gateway-name': 'waypoint' } }]),
    /which counts for no waypoint: give targetRefs/,
  ],
  [
    'two policies of one name',
    istio([GUARDED, { ...GUARDED, selector: { app: 'bank' } }]),
    /two policies web in the namespace apps, which become one object: give each a name/,
  ],
  [
    'two policies of one name, by Envoy Gateway',
    envoyGateway([PUBLIC, { ...PUBLIC, targetRefs: [{ kind: 'HTTPRoute', name: 'shop' }] }]),
    /attach.envoyGateway has two policies public/,
  ],
  [
    'two policies for one Gateway',
    envoyGateway([PUBLIC, { ...PUBLIC, name: 'other' }]),
    /guard all of Gateway eg, of which Envoy Gateway takes one/,
  ],
  [
    'a policy in the place of the one that closes the port',
    istio([{ ...GUARDED, name: 'callers', namespace: 'vigil-system' }]),
    /would replace the one that closes the port of Vigil: give it another name/,
  ],
  [
    'Pod security that a null has taken away',
    { securityContext: null },
    /sections .* are empty \(null\).*: securityContext; leave them out/,
  ],
  ['a switch that is null', { networkPolicy: { enabled: null } }, /networkPolicy.enabled; leave them out/],
]

const ACCEPTED: Accepted = [
  [
    'a port that nobody closes, on purpose',
    { networkPolicy: { enabled: false }, acknowledge: { anyCaller: true } },
  ],
  ['a port that certificates close', { networkPolicy: { enabled: false }, tls: TLS, config: NAMED }],
  ['a port that the mesh closes', istio([GUARDED], { networkPolicy: { enabled: false } })],
  [
    'Envoy Gateway in a mesh',
    envoyGateway([PUBLIC], { tls: {}, config: {}, acknowledge: { plaintext: true } }),
  ],
  [
    'waypoints of all namespaces',
    istio([
      { ...GUARDED, selector: undefined, targetRefs: [{ kind: 'GatewayClass', name: 'istio-waypoint' }] },
    ]),
  ],
  ['policies of one name in two namespaces', istio([GUARDED, { ...GUARDED, namespace: 'bank' }])],
  ['Gateways of one name in two namespaces', envoyGateway([PUBLIC, { ...PUBLIC, namespace: 'shop' }])],
  [
    'two parts of one Gateway',
    envoyGateway([
      { ...PUBLIC, targetRefs: [{ ...GATEWAY, sectionName: 'a' }] },
      { ...PUBLIC, name: 'b', targetRefs: [{ ...GATEWAY, sectionName: 'b' }] },
    ]),
  ],
]

describeRefusals(REFUSED, ACCEPTED)

describeWithHelm('names that are too long', (helm) => {
  test('are cut, but stay two', () => {
    const long = 'a-gateway-of-a-very-long-name-in-'
    const policies = [
      { ...GUARDED, name: `${long}europe` },
      { ...GUARDED, name: `${long}africa` },
    ]
    const fullnameOverride = 'payments-production-runtime-identity-checks'
    const objects = render(helm, over(MINIMAL, { ...istio(policies), fullnameOverride }))
    const names = objects
      .filter(({ kind, metadata }) => kind === 'AuthorizationPolicy' && metadata.namespace === 'apps')
      .map(({ metadata }) => metadata.name)
    expect(new Set(names).size).toBe(2)
    for (const name of names) expect(name).toMatch(/^[a-z0-9-]{50,63}$/)
  })
})
