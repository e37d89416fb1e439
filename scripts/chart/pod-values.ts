import { z } from 'zod'
import { anyList, anyMap, probe, stringMap } from './kubernetes.ts'

/** What the pods may use and do. */
export const secured = {
  resources: anyMap
    .default({ requests: { cpu: '250m', memory: '320Mi' }, limits: { memory: '640Mi' } })
    .describe(
      'As in a Pod. A pod uses about one core: where load is real, ask for it (`cpu: 1`). No limit of CPU: a throttled check is a late one. The memory is for Redis and 10,000 cached tokens; docs/sizing.md says what to add and why.',
    ),
  nodeOptions: z
    .string()
    .default('--max-old-space-size-percentage=60 --max-semi-space-size=8')
    .describe(
      '`NODE_OPTIONS`. By default what lives long stops at 60 % of the memory limit, and new objects get 3 times 8 MiB. A value of yours takes the place of both: docs/sizing.md says what they buy.',
    ),
  podSecurityContext: anyMap
    .default({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    .describe('As in a Pod; meets the Pod Security Standard `restricted`.'),
  securityContext: anyMap
    .default({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    .describe('As in a container; meets the Pod Security Standard `restricted`.'),
  startupProbe: probe
    .default({ periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 })
    .describe('How long a start may take; asks /livez.'),
  readinessProbe: probe
    .default({ periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 2 })
    .describe('Asks /readyz; never depends on the store.'),
  livenessProbe: probe
    .default({ periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 5 })
    .describe('Asks /livez; never depends on the store or on issuers.'),
  lifecycle: z
    .strictObject({
      preStopSleepSeconds: z
        .int()
        .min(0)
        .default(5)
        .describe('Between “endpoint removed” and SIGTERM, so that Envoys hear of it first.'),
    })
    .prefault({})
    .describe('The end of a pod.'),
  terminationGracePeriodSeconds: z
    .int()
    .min(0)
    .default(0)
    .describe('0: the sleep, the drain of `config.static.server` and five seconds more.'),
}

/** What every chart has. */
export const podValues = {
  podAnnotations: stringMap.default({}).describe('Annotations of the pods.'),
  podLabels: stringMap.default({}).describe('Labels of the pods, that of `helm test` among them.'),
  commonLabels: stringMap.default({}).describe('Labels of every object.'),
  nodeSelector: stringMap.default({}).describe('As in a Pod.'),
  tolerations: anyList.default([]).describe('As in a Pod.'),
  affinity: anyMap.default({}).describe('As in a Pod.'),
  priorityClassName: z.string().default('').describe('As in a Pod.'),
  nameOverride: z.string().default('').describe('Instead of the name of the chart.'),
  fullnameOverride: z.string().default('').describe('Instead of the name of the release.'),
  extraEnv: anyList.default([]).describe('Further environment variables of the container.'),
  extraVolumes: anyList.default([]).describe('Further volumes, such as one for files of records.'),
  extraVolumeMounts: anyList.default([]).describe('Where they are mounted.'),
}
