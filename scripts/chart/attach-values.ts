import { z } from 'zod'
import { anyMap, stringMap } from './kubernetes.ts'

const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/)
  .describe('Part of the names of its objects.')

const targetRefs = z
  .array(
    z.strictObject({
      group: z.string().optional(),
      kind: z.string().min(1),
      name: z.string().min(1),
      sectionName: z.string().optional(),
    }),
  )
  .min(1)

/** Of one workload each, because `*` would be everybody; not as in a certificate. */
const principals = z.array(z.string().regex(/^[^/:*\s]+\/ns\/[^/:*\s]+\/sa\/[^/:*\s]+$/)).default([])

const istioPolicy = z.strictObject({
  name,
  namespace: z.string().min(1).describe('Where the workloads or the target stand.'),
  selector: stringMap.optional().describe('Labels of the workloads: sidecars and classic gateways.'),
  targetRefs: targetRefs
    .optional()
    .describe('Instead: a Gateway, a Service; the only way in an ambient mesh.'),
  exceptPaths: z
    .array(z.string().regex(/^\/([^*?#{}]*|[^*?#{}]+\*)$/))
    .default([])
    .describe(
      'Paths that are not asked about, such as those of health checks: whole, or (with `*` at the end) by their beginning.',
    ),
})

const istio = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Render the objects below; the notes tell what istiod needs.'),
    provider: z
      .string()
      .regex(/^[a-z0-9-]{1,63}$/)
      .default('vigil')
      .describe('Name of the provider in `meshConfig.extensionProviders`.'),
    clusterDomain: z.string().min(1).default('cluster.local').describe('Domain of the cluster.'),
    policies: z.array(istioPolicy).default([]).describe('What is guarded: one AuthorizationPolicy each.'),
    callers: principals.describe(
      'Principals of the Envoys that may ask, such as `cluster.local/ns/istio-ingress/sa/gateway`: all others are refused by the mesh.',
    ),
    destinationRule: z
      .boolean()
      .default(true)
      .describe('Short connects, many requests at once, and pods that fail are left out.'),
  })
  .prefault({})

const envoyFilterPolicy = z.strictObject({
  name,
  namespace: z.string().min(1).describe('Where the workloads or the target stand.'),
  context: z
    .enum(['SIDECAR_INBOUND', 'GATEWAY'])
    .describe('What they are: sidecars, for what comes in to their applications, or gateways.'),
  selector: stringMap.optional().describe('Labels of the workloads.'),
  targetRefs: targetRefs.optional().describe('Instead: a Gateway of the Gateway API.'),
  exceptPaths: z
    .array(z.string().regex(/^\/([^*?#{}]*|[^*?#{}]+\*)$/))
    .default([])
    .describe(
      'Paths that are not asked about, whole or (with `*` at the end) by their beginning, as long as nothing in them leads out of it.',
    ),
  contextExtensions: stringMap
    .default({})
    .describe('Sent with every check; `entrypoints[].match.extension` tells entrypoints apart by it.'),
})

const envoyFilter = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Render the objects below.'),
    policies: z.array(envoyFilterPolicy).default([]).describe('What is guarded: one EnvoyFilter each.'),
    callers: principals.describe('As `attach.istio.callers`: principals of the Envoys that may ask.'),
  })
  .prefault({})

const envoyGatewayPolicy = z.strictObject({
  name,
  namespace: z.string().min(1).describe('Where the target stands.'),
  targetRefs: targetRefs.describe('A Gateway, HTTPRoute or GRPCRoute.'),
  contextExtensions: stringMap
    .default({})
    .describe('Sent with every check; `entrypoints[].match.extension` tells entrypoints apart by it.'),
})

const envoyGateway = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Render the objects below.'),
    policies: z.array(envoyGatewayPolicy).default([]).describe('What is guarded: one SecurityPolicy each.'),
    tls: z
      .strictObject({
        caConfigMap: z
          .string()
          .default('')
          .describe('ConfigMap with the CA (`ca.crt`) that Vigil’s certificate is checked against.'),
        hostname: z
          .string()
          .default('')
          .describe('Name that the certificate carries; empty: that of the Service.'),
      })
      .prefault({})
      .describe(
        'For `tls.mode: secret`: a BackendTLSPolicy. The client certificate belongs into the EnvoyProxy.',
      ),
  })
  .prefault({})

export const attach = z
  .strictObject({
    failureMode: z
      .enum(['closed', 'open'])
      .default('closed')
      .describe('When Vigil cannot be asked: 503, or (`open`) everything passes.'),
    timeoutMs: z
      .int()
      .min(1)
      .max(60_000)
      .default(500)
      .describe('How long an Envoy waits; more than `config.static.server.deadlineMs`.'),
    istio: istio.describe('Istio: sidecars, gateways, waypoints.'),
    envoyFilter: envoyFilter.describe(
      'Istio by a filter of its own, after `jwt_authn`: with raw headers, context extensions and more that a provider does not send. `clusterDomain` and `destinationRule` of `attach.istio` count here, too.',
    ),
    envoyGateway: envoyGateway.describe('Envoy Gateway.'),
  })
  .prefault({})

const monitor = (what: string) =>
  z
    .strictObject({
      enabled: z.boolean().default(false).describe(`A ${what} of the Prometheus operator.`),
      interval: z.string().default('30s').describe('How often metrics are read.'),
      labels: stringMap.default({}).describe('Labels by which your Prometheus chooses it.'),
      relabelings: z.array(anyMap).default([]).describe('As in a ServiceMonitor.'),
    })
    .prefault({})

const prometheusRule = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('A PrometheusRule of the Prometheus operator, with every alert.'),
    labels: stringMap.default({}).describe('Labels by which your Prometheus chooses it.'),
    runbookUrl: z
      .string()
      .regex(/^(https?:\/\/.+)?$/)
      .default('')
      .describe('Address at which docs/alerts can be read; empty: the path in the project.'),
    disabled: z.array(z.string()).default([]).describe('Names of alerts that are left out.'),
  })
  .prefault({})

const dashboard = z
  .strictObject({
    enabled: z.boolean().default(false).describe('The dashboard for Grafana.'),
    renderMode: z
      .enum(['ConfigMap', 'GrafanaDashboard'])
      .default('ConfigMap')
      .describe('A ConfigMap for the sidecar of Grafana, or an object of the Grafana operator.'),
    labels: stringMap.default({ grafana_dashboard: '1' }).describe('Labels by which Grafana finds it.'),
    annotations: stringMap.default({}).describe('Its annotations, such as the folder.'),
    instanceLabels: stringMap
      .default({ dashboards: 'grafana' })
      .describe('For `GrafanaDashboard`: labels of the Grafana that shows it.'),
  })
  .prefault({})

export const metrics = z
  .strictObject({
    serviceMonitor: monitor('ServiceMonitor').describe('Finds the pods by the headless Service.'),
    podMonitor: monitor('PodMonitor').describe('Finds the pods themselves.'),
    prometheusRule: prometheusRule.describe('Alerts; each has a page in docs/alerts.'),
    dashboard: dashboard.describe('What Grafana shows of the metrics.'),
  })
  .prefault({})
