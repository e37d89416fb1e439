import { z } from 'zod'

/** Parts of Kubernetes objects that the chart hands on as they are: the API server knows them better. */

export const anyMap = z.record(z.string(), z.unknown())
export const anyList = z.array(anyMap)
export const stringMap = z.record(z.string(), z.string())

/** Kubernetes writes counts as numbers and shares as text, such as `50%`. */
export const countOrShare = z.union([z.int().min(0), z.string()])

/** Who may come, or where to: `namespaceSelector`, `podSelector`, `ipBlock` as in a NetworkPolicy. */
export const peers = z.array(
  z.strictObject({
    namespaceSelector: anyMap.optional(),
    podSelector: anyMap.optional(),
    ipBlock: anyMap.optional(),
  }),
)

export const ports = z.array(
  z.strictObject({
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
    port: z.union([z.int().min(1).max(65_535), z.string()]),
    endPort: z.int().optional(),
  }),
)

/** Timing of a probe; what it asks is the chart's matter. */
export const probe = z.strictObject({
  initialDelaySeconds: z.int().min(0).optional(),
  periodSeconds: z.int().min(1).optional(),
  timeoutSeconds: z.int().min(1).optional(),
  failureThreshold: z.int().min(1).optional(),
  successThreshold: z.int().min(1).optional(),
})
