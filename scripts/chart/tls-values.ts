import { z } from 'zod'
import { anyMap, stringMap } from './kubernetes.ts'

const duration = z.string().regex(/^([0-9]+(h|m|s))+$/)

const issuerRef = z
  .strictObject({
    name: z.string().default('').describe('Its name.'),
    kind: z
      .string()
      .min(1)
      .default('Issuer')
      .describe('`Issuer`, `ClusterIssuer`, or a kind of another group.'),
    group: z.string().min(1).default('cert-manager.io').describe('Its API group.'),
  })
  .prefault({})

const certManager = z
  .strictObject({
    issuerRef: issuerRef.describe('Who signs; an issuer that has a CA, since clients need it, too.'),
    dnsNames: z
      .array(z.string().min(1))
      .default([])
      .describe('Names by which Envoys ask, besides those of the Services.'),
    duration: duration.default('2160h').describe('How long a certificate is good.'),
    renewBefore: duration.default('720h').describe('So long before its end it is renewed.'),
    privateKey: z
      .strictObject({
        algorithm: z.enum(['ECDSA', 'RSA', 'Ed25519']).default('ECDSA').describe('Kind of the key.'),
        size: z.int().min(0).default(256).describe('Its size; 0 for `Ed25519`, which has one only.'),
      })
      .prefault({})
      .describe('A new one is made with each certificate.'),
  })
  .prefault({})

const spiffeCsi = z
  .strictObject({
    driver: z
      .string()
      .min(1)
      .default('spiffe.csi.cert-manager.io')
      .describe('A CSI driver that writes `tls.crt`, `tls.key` and `ca.crt` and renews them.'),
    trustDomain: z
      .string()
      .default('')
      .describe('The trust domain: the pods are `spiffe://TRUSTDOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT`.'),
    volumeAttributes: stringMap
      .default({})
      .describe('Attributes of the volume; `DRIVER/fs-group` comes from `podSecurityContext.fsGroup`.'),
    rbac: z
      .boolean()
      .default(true)
      .describe('Let the service account create CertificateRequests, which the driver does in its name.'),
  })
  .prefault({})

const podCertificate = z
  .strictObject({
    signerName: z
      .string()
      .regex(/^([a-z0-9.-]+\/.+)?$/)
      .default('')
      .describe('The signer; its certificates must be good for servers, and name the Service.'),
    keyType: z
      .enum(['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'])
      .default('ECDSAP256')
      .describe('Kind of the key that the kubelet makes.'),
    maxExpirationSeconds: z
      .int()
      .min(3600)
      .max(7_862_400)
      .default(86_400)
      .describe('Longest time that a certificate may be good.'),
    userAnnotations: stringMap.default({}).describe('What the signer is told besides.'),
  })
  .prefault({})

const trustBundle = z
  .strictObject({
    name: z.string().default('').describe('Name of the object.'),
    signerName: z.string().default('').describe('Instead: all bundles of this signer.'),
    labelSelector: anyMap.default({}).describe('With `signerName`: which of them; empty: all.'),
  })
  .prefault({})

const clientCa = z
  .strictObject({
    configMap: z.string().default('').describe('Name of a ConfigMap that holds it.'),
    secret: z.string().default('').describe('Instead: name of a Secret.'),
    key: z.string().min(1).default('ca.crt').describe('Its key.'),
    clusterTrustBundle: trustBundle.describe(
      'Instead: a ClusterTrustBundle; Kubernetes has it switched on from 1.37.',
    ),
  })
  .prefault({})

export const tls = z
  .strictObject({
    mode: z
      // false: how Helm reads an off without quotes.
      .union([
        z.enum(['mesh', 'secret', 'certManager', 'spiffeCsi', 'podCertificate', 'off']),
        z.literal(false),
      ])
      .default('mesh')
      .describe(
        '`mesh`: the mesh brings TLS to the pod. Vigil speaks TLS itself with `secret`: a Secret of yours, `certManager`: a Certificate, `spiffeCsi`: files of a CSI driver, `podCertificate`: the kubelet (Kubernetes 1.35, switched on from 1.37). `off`: nobody does.',
      ),
    existingSecret: z
      .string()
      .default('')
      .describe('For `secret`: name of the Secret; new certificates in it are taken without a restart.'),
    certKey: z.string().min(1).default('tls.crt').describe('Its key with the certificate chain (PEM).'),
    keyKey: z.string().min(1).default('tls.key').describe('Its key with the private key (PEM).'),
    clientCaKey: z
      .string()
      .default('ca.crt')
      .describe(
        'Its key with the CA of the Envoys’ client certificates (PEM); empty: none are asked for. With `certManager` and `spiffeCsi` the same: their CA is that of the Envoys, too.',
      ),
    clientCa: clientCa.describe(
      'The CA of the Envoys’ client certificates (PEM) from elsewhere, instead of `clientCaKey`.',
    ),
    certManager: certManager.describe('For `certManager`: the Certificate that is made.'),
    spiffeCsi: spiffeCsi.describe('For `spiffeCsi`: the volume that is mounted.'),
    podCertificate: podCertificate.describe('For `podCertificate`: what the kubelet asks for.'),
  })
  .prefault({})
