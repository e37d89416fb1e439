import { z } from 'zod'
import { attach, metrics } from './attach-values.ts'
import { autoscaling } from './autoscaling-values.ts'
import { anyList, anyMap, countOrShare, stringMap } from './kubernetes.ts'
import { networkPolicy } from './network-policy-values.ts'
import { podValues, secured } from './pod-values.ts'
import { devStore, secrets, store } from './secret-values.ts'
import { tls } from './tls-values.ts'

/** Stand where the service's own schemas are put in (scripts/chart/schema.ts). */
const ofService = z.record(z.string(), z.unknown())

/** Kubelet asks the probes, Envoys the checks: neither comes over the loopback of a pod. */
const LISTENERS = { server: { listen: ['0.0.0.0:9000'] }, probes: { listen: '0.0.0.0:9090' } }

const image = z
  .strictObject({
    registry: z.string().default('').describe('Registry in front of the repository, for mirrors.'),
    repository: z.string().min(1).default('vigil').describe('Repository of the image.'),
    tag: z.string().default('').describe('Tag; empty: the `appVersion` of the chart.'),
    digest: z
      .string()
      .regex(/^(sha256:[0-9a-f]{64})?$/)
      .default('')
      .describe('Digest, `sha256:…`; given: the tag counts no more.'),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent').describe('As in a Pod.'),
  })
  .prefault({})

const config = z
  .strictObject({
    static: ofService
      .default(LISTENERS)
      .describe('`static.yaml`, every key of docs/configuration.md; a change rolls the pods.'),
    dynamic: ofService
      .default({})
      .describe('`vigil.yaml`, every key of docs/configuration.md; a change is live without a restart.'),
    policy: z
      .record(z.string().regex(/^[a-z0-9][a-z0-9.-]*\.yaml$/), ofService)
      .default({})
      .describe(
        'Rules of teams by file name, `policy/*.yaml`. Another content is live, another file name rolls the pods.',
      ),
  })
  .prefault({})

const configCheck = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Run it before every install and upgrade; a refusal leaves all but hook objects unchanged.'),
    activeDeadlineSeconds: z.int().min(1).default(120).describe('Longest time, a missing Secret included.'),
    resources: anyMap
      .default({ requests: { cpu: '100m', memory: '160Mi' }, limits: { memory: '320Mi' } })
      .describe('As in a Pod.'),
  })
  .prefault({})

const probe = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Render the Pod of `helm test`; with `tls.mode` `secret` and `podCertificate` only with `existingSecret`.',
      ),
    existingSecret: z
      .string()
      .default('')
      .describe(
        'Where Vigil speaks TLS: Secret with `ca.crt` for the certificate of Vigil, and with `tls.crt` and `tls.key` where Vigil asks for a client certificate. Empty: `certManager` and `spiffeCsi` bring a certificate for it themselves.',
      ),
    waitSeconds: z
      .int()
      .min(0)
      .max(3600)
      .default(60)
      .describe('Ask again until all is well, so long at most.'),
  })
  .prefault({})

const service = z
  .strictObject({
    port: z.int().min(1).max(65_535).default(9000).describe('Port at which Envoys find it.'),
    annotations: stringMap.default({}).describe('Annotations of the Services.'),
    trafficDistribution: z
      .enum(['PreferSameNode', 'PreferSameZone', 'PreferClose', 'none'])
      .default('PreferSameNode')
      .describe('Which pods are asked first; before Kubernetes 1.34 `PreferClose` stands for the first two.'),
    headless: z
      .boolean()
      .default(true)
      .describe('A second Service `NAME-headless` that tells every pod, for Envoys that balance themselves.'),
  })
  .prefault({})

const podDisruptionBudget = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Only rendered when there are at least two pods.'),
    maxUnavailable: countOrShare.default(1).describe('How many pods may be evicted at once.'),
    minAvailable: countOrShare.default('').describe('Instead of `maxUnavailable`.'),
  })
  .prefault({})

const serviceAccount = z
  .strictObject({
    create: z.boolean().default(true).describe('Create one; it gets no rights and no token.'),
    name: z.string().default('').describe('Its name; empty: the name of the release.'),
    annotations: stringMap.default({}).describe('Its annotations.'),
  })
  .prefault({})

const acknowledge = z
  .strictObject({
    memoryStoreWithReplicas: z
      .boolean()
      .default(false)
      .describe('Several pods with the memory store: a proof that one has seen is new to the others.'),
    anyCaller: z
      .boolean()
      .default(false)
      .describe(
        'Neither `config.static.server.callers` nor `callers` of `attach`: whoever reaches the port may ask.',
      ),
    failOpen: z
      .boolean()
      .default(false)
      .describe('`attach.failureMode: open`: whoever keeps Vigil from answering passes.'),
    plaintext: z
      .boolean()
      .default(false)
      .describe('`tls.mode: off`: tokens of your users cross the network unencrypted.'),
  })
  .prefault({})

/** Every value of the chart, in the order of values.yaml: the source of the schema, the file and the page. */
export const values = z.strictObject({
  image: image.describe('The image of Vigil; its entrypoint is the command `vigil`.'),
  imagePullSecrets: anyList.default([]).describe('As in a Pod.'),
  kind: z
    .enum(['Deployment', 'DaemonSet'])
    .default('Deployment')
    .describe('What runs the pods; `DaemonSet`: one on each node, which Envoys of the node ask first.'),
  replicaCount: z.int().min(1).default(2).describe('Pods of a Deployment, unless `autoscaling` decides.'),
  config: config.describe('What Vigil does, in its own words.'),
  existingConfigMap: z
    .string()
    .default('')
    .describe('A ConfigMap of your own with `vigil.yaml`, instead of `config.dynamic` and `config.policy`.'),
  configCheck: configCheck.describe('A Job that runs `vigil config check` on what is about to be installed.'),
  probe: probe.describe(
    '`helm test`: `vigil probe` asks one check that must pass and one that must be refused.',
  ),
  store: store.describe('Secrets of the store that `config.static.store.redis` names.'),
  devStore: devStore.describe('FOR TRIALS ONLY: one Valkey pod without password, TLS or disk.'),
  secrets: secrets.describe('Other Secrets; nothing secret is ever written into a value.'),
  tls: tls.describe('How Envoys reach Vigil.'),
  attach: attach.describe('Who asks Vigil, and about what.'),
  service: service.describe('The Service that Envoys ask.'),
  autoscaling: autoscaling.describe('As many pods as the load wants.'),
  podDisruptionBudget: podDisruptionBudget.describe('Keeps a drain of nodes from taking all pods.'),
  topologySpreadConstraints: anyList
    .default([
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ])
    .describe('As in a Pod; the selector of the pods is added where there is none.'),
  networkPolicy: networkPolicy.describe('Who may reach Vigil, and whom it may reach.'),
  ...secured,
  metrics: metrics.describe('Who reads /metrics.'),
  serviceAccount: serviceAccount.describe('The identity of the pods; Vigil never asks the API server.'),
  ...podValues,
  extraObjects: anyList.default([]).describe('Further objects; text in them is a template.'),
  acknowledge: acknowledge.describe('Risks taken on purpose.'),
  global: anyMap.default({}).describe('For charts that hold this one; not read.'),
})
