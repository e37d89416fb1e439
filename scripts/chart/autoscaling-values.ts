import { z } from 'zod'
import { anyMap } from './kubernetes.ts'

const keda = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('A ScaledObject of KEDA, which makes the HorizontalPodAutoscaler itself.'),
    serverAddress: z
      .string()
      .regex(/^(https?:\/\/.+)?$/)
      .default('')
      .describe('Where Prometheus answers, such as `http://prometheus.monitoring.svc:9090`.'),
    query: z
      .string()
      .default('')
      .describe(
        'Checks in flight of all pods together; empty: the mean of two minutes, by the labels `namespace` and `pod` of the Prometheus operator.',
      ),
    pollingInterval: z.int().min(1).default(15).describe('How often it is asked, in seconds.'),
    authenticationRef: z.string().default('').describe('A TriggerAuthentication for Prometheus.'),
  })
  .prefault({})

export const autoscaling = z
  .strictObject({
    enabled: z.boolean().default(false).describe('A HorizontalPodAutoscaler instead of `replicaCount`.'),
    minReplicas: z.int().min(1).default(2).describe('Fewest pods.'),
    maxReplicas: z.int().min(1).default(10).describe('Most pods.'),
    targetCPUUtilizationPercentage: z.int().min(1).default(70).describe('Share of the CPU request.'),
    targetChecksInFlight: z
      .int()
      .min(0)
      .default(0)
      .describe(
        'Also: checks in flight for each pod, which grow with a slow store before the CPU does; 0: not. Without KEDA it takes an adapter that serves `vigil_checks_in_flight` as a metric of pods.',
      ),
    behavior: anyMap.default({}).describe('As in a HorizontalPodAutoscaler.'),
    keda: keda.describe('By KEDA, with what Prometheus knows.'),
  })
  .prefault({})
