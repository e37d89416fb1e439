import { z } from 'zod'
import { anyMap } from './kubernetes.ts'

const secretName = z.string().default('').describe('Name of the Secret.')

const storeKey = (what: string) =>
  z.string().default('').describe(`Key of ${what} in the Secret; empty: there is none.`)

export const store = z
  .strictObject({
    existingSecret: secretName,
    passwordKey: storeKey('the password'),
    sentinelPasswordKey: storeKey('the password for the Sentinels'),
    caKey: storeKey('the CA of the server (PEM)'),
    certKey: storeKey('the client certificate (PEM)'),
    keyKey: storeKey('its private key (PEM)'),
  })
  .prefault({})

export const devStore = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Run it; all state ends with its pod.'),
    image: z.string().min(1).default('docker.io/valkey/valkey:9.1.1').describe('Its image.'),
    resources: anyMap
      .default({ requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '192Mi' } })
      .describe('As in a Pod.'),
  })
  .prefault({})

export const secrets = z
  .strictObject({
    instanceKey: z
      .strictObject({
        existingSecret: z
          .string()
          .default('')
          .describe('Name of the Secret; empty: one is made at the first install and kept for good.'),
        key: z.string().min(1).default('instance-key.yaml').describe('Its key that holds the file.'),
      })
      .prefault({})
      .describe(
        'The file of `instanceKeyFile`. Needed where manifests are rendered outside the cluster (GitOps).',
      ),
    otlpHeaders: z
      .strictObject({
        existingSecret: secretName,
        key: z.string().min(1).default('headers').describe('Its key that holds the file.'),
      })
      .prefault({})
      .describe('The file of `telemetry.otlp.headersFile`.'),
  })
  .prefault({})
