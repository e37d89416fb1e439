/** The attachment by EnvoyFilter: what is refused with what to do, and what of the filter follows from the values. */
import { expect, test } from '@jest/globals'
import { describeWithHelm } from '../harness/tools.ts'
import { type KubeObject, one, refusal, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

const CALLER = 'cluster.local/ns/ingress/sa/gateway'
const GATEWAY = { kind: 'Gateway', name: 'public' }
const GUARDED = { name: 'gateway', namespace: 'ingress', context: 'GATEWAY', selector: { istio: 'ingress' } }
const ORDERS = {
  name: 'orders',
  namespace: 'shop',
  context: 'SIDECAR_INBOUND',
  selector: { app: 'orders', tier: 'back' },
}
const GROUP = 'gateway.networking.k8s.io'
const AT_GATEWAY = { ...GUARDED, selector: undefined }

/** Values with the attachment, `more` laid over its section. */
const filter = (more: object = {}, others: object = {}) =>
  over(
    over(MINIMAL, { attach: { envoyFilter: { enabled: true, policies: [GUARDED], callers: [CALLER] } } }),
    over({ attach: { envoyFilter: { ...more } } }, others as Record<string, unknown>),
  )
const custom = (policy: object) => ({
  attach: { istio: { enabled: true, callers: [CALLER], policies: [policy] } },
})
const told = (extension: object) => ({
  config: { dynamic: { entrypoints: [{ name: 'acme', match: { extension } }] } },
})
const sending = (contextExtensions: object) => ({ policies: [{ ...GUARDED, contextExtensions }] })

/** Values, and what the refusal tells to do. */
const REFUSED: readonly (readonly [string, object, RegExp])[] = [
  ['no policy', filter({ policies: [] }), /give attach.envoyFilter.policies \(name, namespace, context/],
  [
    'a policy for nobody',
    filter({ policies: [{ ...GUARDED, selector: undefined }] }),
    /the policy gateway of attach.envoyFilter needs one of selector/,
  ],
  [
    'a policy for two',
    filter({ policies: [{ ...GUARDED, targetRefs: [GATEWAY] }] }),
    /needs one of selector/,
  ],
  [
    'a sidecar by targetRefs',
    filter({ policies: [{ ...ORDERS, selector: undefined, targetRefs: [GATEWAY] }] }),
    /names a Gateway: targetRefs are for a Gateway, with context GATEWAY/,
  ],
  [
    'a Service, as of a waypoint',
    filter({ policies: [{ ...GUARDED, selector: undefined, targetRefs: [{ kind: 'Service', name: 'a' }] }] }),
    /names a Service: .* use attach.istio for waypoints/,
  ],
  [
    'certificates of Vigil',
    filter({}, { tls: { mode: 'secret', existingSecret: 'vigil-tls' }, acknowledge: { anyCaller: true } }),
    /attach.envoyFilter needs tls.mode=mesh/,
  ],
  ['a mesh in which everybody may ask', filter({ callers: [] }), /give attach.envoyFilter.callers/],
  [
    'an Envoy that does not wait for the answer',
    filter({}, { attach: { timeoutMs: 150 } }),
    /more than config.static.server.deadlineMs \(150\)/,
  ],
  [
    'workloads that a CUSTOM policy guards',
    filter({}, custom({ name: 'all', namespace: 'ingress', selector: { istio: 'ingress' } })),
    /the policies gateway of attach.envoyFilter and all of attach.istio guard the same workloads/,
  ],
  [
    'a Gateway that a CUSTOM policy guards',
    filter(
      { policies: [{ ...GUARDED, selector: undefined, targetRefs: [GATEWAY] }] },
      custom({ name: 'all', namespace: 'ingress', targetRefs: [GATEWAY] }),
    ),
    /guard the same workloads, and a proof of possession counts only once/,
  ],
  [
    'a Gateway that a CUSTOM policy guards, with its group',
    filter(
      { policies: [{ ...GUARDED, selector: undefined, targetRefs: [GATEWAY] }] },
      custom({ name: 'all', namespace: 'ingress', targetRefs: [{ ...GATEWAY, group: GROUP }] }),
    ),
    /the policies gateway of attach.envoyFilter and all of attach.istio guard the same workloads/,
  ],
  [
    'two policies for the same workloads',
    filter({
      policies: [ORDERS, GUARDED, { ...ORDERS, name: 'again', selector: { tier: 'back', app: 'orders' } }],
    }),
    /the policies orders and again of attach.envoyFilter guard the same workloads.*: make one policy of them/,
  ],
  [
    'two policies for the same Gateway, once with its group and beside another',
    filter({
      policies: [
        { ...AT_GATEWAY, targetRefs: [GATEWAY] },
        {
          ...AT_GATEWAY,
          name: 'again',
          targetRefs: [
            { kind: 'Gateway', name: 'b' },
            { ...GATEWAY, group: GROUP },
          ],
        },
      ],
    }),
    /the policies gateway and again of attach.envoyFilter guard the same workloads/,
  ],
  [
    'an entrypoint of which nothing is sent',
    filter({}, told({ tenant: 'acme' })),
    /no policy of attach.envoyFilter sends what the entrypoint acme is told by/,
  ],
  [
    'an entrypoint of which half is sent',
    filter(sending({ tenant: 'acme', more: 'x' }), told({ tenant: 'acme', zone: 'a' })),
    /give its match.extension as contextExtensions/,
  ],
]

const ACCEPTED: readonly (readonly [string, object])[] = [
  ['a policy', filter()],
  ['everybody, on purpose', filter({ callers: [] }, { acknowledge: { anyCaller: true } })],
  [
    'an entrypoint of which more is sent',
    filter(sending({ tenant: 'acme', b: 'x' }), told({ tenant: 'acme' })),
  ],
  [
    'policies for other workloads, elsewhere, and of gateways beside sidecars',
    filter({
      policies: [
        GUARDED,
        { ...GUARDED, name: 'b', selector: { istio: 'other' } },
        { ...GUARDED, name: 'c', namespace: 'other' },
        { ...GUARDED, name: 'd', context: 'SIDECAR_INBOUND' },
        { ...AT_GATEWAY, name: 'e', targetRefs: [GATEWAY] },
        { ...AT_GATEWAY, name: 'f', targetRefs: [{ kind: 'Gateway', name: 'f' }] },
      ],
    }),
  ],
  ['a CUSTOM policy elsewhere', filter({}, custom({ ...GUARDED, context: undefined, namespace: 'other' }))],
  [
    'a CUSTOM policy that is told by nothing, beside it',
    filter(sending({ tenant: 'acme' }), {
      ...custom({ name: 'b', namespace: 'ingress', selector: { istio: 'b' } }),
      ...told({ tenant: 'acme' }),
    }),
  ],
]

/** The settings of the check that an object brings. */
const settings = (object: KubeObject) =>
  (object['spec'].configPatches as KubeObject[])
    .map((patch) => patch['patch'].value)
    .find(({ name }) => name === 'envoy.filters.http.ext_authz').typed_config

describeWithHelm('attached by EnvoyFilter', (helm) => {
  test.each(REFUSED)('it is refused with %s', (_, values, advice) => {
    const said = refusal(helm, values)
    expect(said).toMatch(advice)
    expect(said.match(/^- /gm)).toHaveLength(1)
  })

  test.each(ACCEPTED)('it is accepted with %s', (_, values) => {
    expect(() => render(helm, values)).not.toThrow()
  })

  test('it excepts whole paths and beginnings, and nothing else', () => {
    const right = ['/', '/a', '/a/*']
    const paths = [
      '/*',
      '*',
      '*/healthz',
      'healthz',
      '/a*b',
      '/a**',
      '/a?b',
      '/a#b',
      '/a/{id}',
      '/{*}',
      '/{a}*',
    ]
    const said = refusal(helm, filter({ policies: [{ ...GUARDED, exceptPaths: [...right, ...paths] }] }))
    const wrong = [...said.matchAll(/exceptPaths[./](\d+)/g)].map(([, index]) => Number(index))
    expect(new Set(wrong)).toEqual(new Set(paths.map((_, i) => i + right.length)))
  })

  test('each policy notes for itself what it excepts', () => {
    const exceptPaths = ['/healthz']
    const policies = [
      { ...ORDERS, exceptPaths },
      { ...ORDERS, name: 'back', selector: { tier: 'back' }, exceptPaths },
      { ...ORDERS, namespace: 'mesh', exceptPaths },
    ]
    const objects = render(helm, filter({ policies })).filter(({ kind }) => kind === 'EnvoyFilter')
    const notes = objects.map((object) => {
      const [noting] = object['spec'].configPatches
      const [read] = settings(object).filter_enabled_metadata.path
      return [
        `${noting.patch.value.typed_config.shadow_rules_stat_prefix}shadow_effective_policy_id`,
        read.key,
      ]
    })
    for (const [written, read] of notes) expect(read).toBe(written)
    expect(notes.map(([written]) => written).sort()).toEqual([
      'mesh_vigil-orders_shadow_effective_policy_id',
      'shop_vigil-back_shadow_effective_policy_id',
      'shop_vigil-orders_shadow_effective_policy_id',
    ])
  })

  test('a check is tried again only where two fit into the timeout', () => {
    const at = (timeoutMs: number, deadlineMs?: number) => {
      const values = filter(
        {},
        { attach: { timeoutMs }, ...(deadlineMs && { config: { static: { server: { deadlineMs } } } }) },
      )
      const { timeout, retry_policy } = settings(
        one(render(helm, values), 'EnvoyFilter', 'vigil-gateway'),
      ).grpc_service
      return [timeout, retry_policy?.retry_back_off.max_interval]
    }
    expect(at(500)).toEqual(['0.500s', '0.250s'])
    expect(at(300)).toEqual(['0.300s', undefined])
    expect(at(1200, 700)).toEqual(['1.200s', undefined])
    expect(at(1500, 700)).toEqual(['1.500s', '0.750s'])
  })

  test('it passes what cannot be asked about only when told so, and marks it', () => {
    const failure = (values: object) => {
      const { failure_mode_allow, failure_mode_allow_header_add, status_on_error } = settings(
        one(render(helm, values), 'EnvoyFilter', 'vigil-gateway'),
      )
      return { failure_mode_allow, failure_mode_allow_header_add, status_on_error }
    }
    expect(failure(filter())).toEqual({
      failure_mode_allow: false,
      status_on_error: { code: 'ServiceUnavailable' },
    })
    const open = { attach: { failureMode: 'open' }, acknowledge: { failOpen: true } }
    expect(failure(filter({}, open))).toEqual({
      failure_mode_allow: true,
      failure_mode_allow_header_add: true,
    })
  })

  test('Vigil itself is closed to all but the callers of both ways', () => {
    const other = 'cluster.local/ns/shop/sa/orders'
    const both = over(filter(), custom({ name: 'b', namespace: 'shop', selector: { app: 'b' } }))
    const callers = (values: object) =>
      one(render(helm, values), 'AuthorizationPolicy', 'vigil-callers')['spec'].rules[0].from[0].source
        .principals
    expect(callers(over(both, { attach: { istio: { callers: [other, CALLER] } } }))).toEqual([other, CALLER])
    const own = render(helm, filter())
    for (const kind of ['PeerAuthentication', 'DestinationRule', 'AuthorizationPolicy'])
      expect([kind, own.filter((each) => each.kind === kind).length]).toEqual([kind, 1])
    expect(JSON.stringify(one(own, 'AuthorizationPolicy', 'vigil-callers')['spec'])).toContain(CALLER)
  })

  test('a Gateway is named with its group, without which istiod would guard nothing', () => {
    const targets = (kind: string, values: object) =>
      one(render(helm, values), kind, 'vigil-all')['spec'].targetRefs
    const all = { name: 'all', namespace: 'ingress', targetRefs: [GATEWAY] }
    const group = GROUP
    expect(targets('EnvoyFilter', filter({ policies: [{ ...all, context: 'GATEWAY' }] }))).toEqual([
      { group, ...GATEWAY },
    ])
    expect(targets('AuthorizationPolicy', over(MINIMAL, custom(all)))).toEqual([{ group, ...GATEWAY }])
  })
})
