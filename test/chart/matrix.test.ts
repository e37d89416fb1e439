/** What a configuration needs to be told and the chosen attachment does not tell is refused, by the table of docs/attach.md. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readMatrix } from '../../scripts/chart/matrix.ts'
import { ROOT } from '../../scripts/root.ts'
import { describeWithHelm } from '../harness/tools.ts'
import { type KubeObject, one, refusal, render } from './harness/helm.ts'
import { MINIMAL, over } from './harness/values.ts'

type Layer = Parameters<typeof over>[1]

const { capabilities } = readMatrix()
const TENANT = { tenant: 'acme' }
const MUTUAL: Layer = {
  tls: { mode: 'secret', existingSecret: 'vigil-tls' },
  config: { static: { server: { callers: ['gateway.example.com'] } } },
}
const ISTIO: Layer = {
  attach: {
    istio: {
      enabled: true,
      callers: ['cluster.local/ns/ingress/sa/gateway'],
      policies: [{ name: 'gateway', namespace: 'ingress', selector: { istio: 'ingress' } }],
    },
  },
}
const policy = { name: 'public', namespace: 'apps', targetRefs: [{ kind: 'Gateway', name: 'eg' }] }
const ENVOY_GATEWAY: Layer = {
  attach: {
    envoyGateway: {
      enabled: true,
      policies: [{ ...policy, contextExtensions: TENANT }],
      tls: { caConfigMap: 'vigil-ca' },
    },
  },
}

const ENVOY_FILTER: Layer = {
  attach: {
    envoyFilter: {
      enabled: true,
      callers: ['cluster.local/ns/ingress/sa/gateway'],
      policies: [
        {
          ...{ name: 'gateway', namespace: 'ingress', context: 'GATEWAY', selector: { istio: 'ingress' } },
          contextExtensions: TENANT,
        },
      ],
    },
  },
}

/** Values of an attachment; TLS as it goes with it. */
const ATTACHED: Record<string, Layer> = {
  istio: ISTIO,
  envoyFilter: ENVOY_FILTER,
  envoyGateway: over(ENVOY_GATEWAY, MUTUAL),
  plain: MUTUAL,
}

/** A configuration that needs a capability, and who is told to need it. */
const NEEDS: Record<string, readonly [dynamic: Layer, who: string]> = {
  extension: [
    { entrypoints: [{ name: 'acme', match: { extension: TENANT } }] },
    'the entrypoint acme is told by match.extension',
  ],
  clientCertificate: [
    { enforcement: { resourceMetadata: [{ resource: 'https://api', certificateBoundTokens: true }] } },
    "tokens for https://api are bound to the client's certificate",
  ],
  callerSan: [
    { entrypoints: [{ name: 'edge', match: { callerSan: 'gateway.example.com' } }] },
    'the entrypoint edge is told by match.callerSan',
  ],
}

const given = (capability: string, attachment: string): boolean => {
  const row = capabilities[capability]
  if (row === undefined) throw new Error(`no capability ${capability}`)
  return row[attachment as 'istio' | 'envoyFilter' | 'envoyGateway' | 'plain'].given
}
const cells = Object.keys(NEEDS).flatMap((need) => Object.keys(ATTACHED).map((way) => [need, way] as const))
const valuesOf = (need: string, attached: Layer) =>
  over(over(MINIMAL, attached), { config: { dynamic: NEEDS[need]?.[0] } })

test('every capability that can be needed is tried', () => {
  const needed = Object.keys(capabilities).filter((id) => capabilities[id]?.instead !== undefined)
  expect(Object.keys(NEEDS).sort()).toEqual(needed.sort())
})

describeWithHelm('the matrix', (helm) => {
  test.each(cells.filter(([need, way]) => given(need, way)))('%s by %s is rendered', (need, way) => {
    expect(() => render(helm, valuesOf(need, ATTACHED[way] ?? {}))).not.toThrow()
  })

  test.each(
    cells.filter(([need, way]) => !given(need, way)),
  )('%s by %s is refused, with the alternative', (need, way) => {
    const said = refusal(helm, valuesOf(need, ATTACHED[way] ?? {}))
    const row = capabilities[need]
    const others = ['envoyFilter', 'envoyGateway'].filter((name) => given(need, name))
    expect(said).toContain(`${NEEDS[need]?.[1]}, which attach.${way} does not send: use ${row?.instead}`)
    for (const other of others) expect(said).toContain(`attach.${other}`)
    expect(said.match(/^- /gm)).toHaveLength(1)
  })

  test('what one of two attachments tells is enough, and has to be sent', () => {
    const both = over(over(ISTIO, ENVOY_GATEWAY), { acknowledge: { plaintext: true } })
    expect(() => render(helm, valuesOf('extension', both))).not.toThrow()
    const silent = over(both, { attach: { envoyGateway: { policies: [policy] } } })
    expect(refusal(helm, valuesOf('extension', silent))).toContain('no policy of attach.envoyGateway sends')
    expect(refusal(helm, valuesOf('callerSan', both))).toContain('but Vigil asks nobody for a certificate')
  })

  test('a certificate that comes in a header is enough', () => {
    for (const entrypoint of [{ xfcc: true }, { clientCertFrom: ['10.0.0.0/8'] }]) {
      const dynamic = { ...NEEDS['clientCertificate']?.[0], entrypoints: [{ name: 'edge', ...entrypoint }] }
      expect(() => render(helm, over(over(MINIMAL, ISTIO), { config: { dynamic } }))).not.toThrow()
    }
  })

  test('the table says of an EnvoyFilter what is rendered', () => {
    const { configPatches } = one(render(helm, over(MINIMAL, ENVOY_FILTER)), 'EnvoyFilter', 'vigil-gateway')[
      'spec'
    ]
    const filters = configPatches.map(({ patch }: KubeObject) => patch.value)
    const { typed_config: filter } = filters.find(({ name }: KubeObject) => /ext_authz/.test(name))
    expect(filter).toMatchObject({
      encode_raw_headers: given('rawHeaders', 'envoyFilter'),
      include_tls_session: given('sni', 'envoyFilter'),
      include_peer_certificate: given('clientCertificate', 'envoyFilter'),
      metadata_context_namespaces: ['envoy.filters.http.jwt_authn'],
    })
    expect('with_request_body' in filter).toBe(given('body', 'envoyFilter'))
    expect(JSON.stringify(filters)).toContain('"context_extensions":{"tenant":"acme"}')
  })

  test('the table says of Envoy Gateway what is rendered', () => {
    const { extAuth } = one(
      render(helm, over(MINIMAL, ATTACHED['envoyGateway'] ?? {})),
      'SecurityPolicy',
      'vigil-public',
    )['spec']
    expect('bodyToExtAuth' in extAuth).toBe(given('body', 'envoyGateway'))
    // Without a list all headers are sent, x-forwarded-for and x-forwarded-client-cert among them.
    expect(extAuth).not.toHaveProperty('headersToExtAuth')
    expect(extAuth.contextExtensions).toEqual([{ name: 'tenant', type: 'Value', value: 'acme' }])
  })
})

test('the table says of an Envoy of your own what the example switches on', () => {
  const example = readFileSync(join(ROOT, 'envoy/edge.yaml'), 'utf8')
  for (const id of ['clientCertificate', 'rawHeaders', 'sni'])
    expect(example).toContain(`${capabilities[id]?.plain.how?.replaceAll('`', '')}: true`)
})
