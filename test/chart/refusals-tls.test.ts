/** Certificates that nobody would have, or that would let strangers ask: refused, with what to do. */
import { type Accepted, describeRefusals, type Refused } from './harness/refuse.ts'

const CALLERS = { server: { callers: ['spiffe://mesh/ns/ingress/sa/gateway'] } }
const TLS = { mode: 'secret', existingSecret: 'vigil-tls' }
const ISSUER = { mode: 'certManager', certManager: { issuerRef: { name: 'ca' } } }
const SPIFFE = { mode: 'spiffeCsi', spiffeCsi: { trustDomain: 'mesh' } }
const POD = { mode: 'podCertificate', podCertificate: { signerName: 'example.com/services' } }

const REFUSED: Refused = [
  [
    'TLS without a Secret',
    { tls: { mode: 'secret' }, config: { static: CALLERS } },
    /give tls.existingSecret/,
  ],
  [
    'TLS for whoever comes',
    { tls: TLS },
    /give config.static.server.callers .* or set acknowledge.anyCaller=true/,
  ],
  [
    'callers without client certificates',
    { tls: { ...TLS, clientCaKey: '' }, config: { static: CALLERS } },
    /give tls.clientCaKey or tls.clientCa/,
  ],
  [
    'a Secret that is not read',
    { tls: { existingSecret: 's' } },
    /tls.mode=mesh does not read it: set tls.mode=secret/,
  ],
  [
    'a Certificate of nobody',
    { tls: { mode: 'certManager' }, config: { static: CALLERS } },
    /give tls.certManager.issuerRef/,
  ],
  [
    'a key of a size that there is none of',
    {
      tls: { ...ISSUER, certManager: { ...ISSUER.certManager, privateKey: { size: 2048 } } },
      config: { static: CALLERS },
    },
    /keys of ECDSA have 256, 384 or 521 bits/,
  ],
  [
    'an RSA key of the size of another',
    {
      tls: { ...ISSUER, certManager: { ...ISSUER.certManager, privateKey: { algorithm: 'RSA' } } },
      config: { static: CALLERS },
    },
    /keys of RSA have 2048, 4096 or 8192 bits/,
  ],
  [
    'a size for the kind that has one only',
    {
      tls: { ...ISSUER, certManager: { ...ISSUER.certManager, privateKey: { algorithm: 'Ed25519' } } },
      config: { static: CALLERS },
    },
    /set tls.certManager.privateKey.size=0/,
  ],
  [
    'a trust domain that is not told',
    { tls: { mode: 'spiffeCsi' }, config: { static: CALLERS } },
    /give tls.spiffeCsi.trustDomain/,
  ],
  [
    'the driver that gives a socket',
    {
      tls: { ...SPIFFE, spiffeCsi: { trustDomain: 'mesh', driver: 'csi.spiffe.io' } },
      config: { static: CALLERS },
    },
    /Vigil reads files: set tls.spiffeCsi.driver/,
  ],
  [
    'callers that no CA tells apart',
    { tls: POD, config: { static: CALLERS } },
    /by their client certificates: give tls.clientCa$/m,
  ],
  [
    'a signer that is not told',
    { tls: { mode: 'podCertificate', clientCa: { secret: 's' } }, config: { static: CALLERS } },
    /give tls.podCertificate.signerName/,
  ],
  [
    'a signer of clients',
    {
      tls: {
        ...POD,
        clientCa: { secret: 's' },
        podCertificate: { signerName: 'kubernetes.io/kube-apiserver-client-pod' },
      },
      config: { static: CALLERS },
    },
    /Vigil is a server: give another/,
  ],
  [
    'more time than Kubernetes gives',
    {
      tls: {
        ...POD,
        clientCa: { secret: 's' },
        podCertificate: { signerName: 'kubernetes.io/x', maxExpirationSeconds: 90_000 },
      },
      config: { static: CALLERS },
    },
    /maxExpirationSeconds to 86400 or less/,
  ],
  [
    'two CAs of the Envoys',
    { tls: { ...TLS, clientCa: { secret: 's', configMap: 'c' } }, config: { static: CALLERS } },
    /give one of configMap, secret/,
  ],
  [
    'a CA of Envoys that is not asked',
    { tls: { clientCa: { secret: 's' } } },
    /with tls.mode=mesh Vigil itself sees no client/,
  ],
]

const ACCEPTED: Accepted = [
  ['TLS with callers', { tls: TLS, config: { static: CALLERS } }],
  ['a Certificate', { tls: ISSUER, config: { static: CALLERS } }],
  [
    'a key of Ed25519',
    {
      tls: {
        ...ISSUER,
        certManager: { ...ISSUER.certManager, privateKey: { algorithm: 'Ed25519', size: 0 } },
      },
      config: { static: CALLERS },
    },
  ],
  ['a SPIFFE driver', { tls: SPIFFE, config: { static: CALLERS } }],
  ['certificates of pods', { tls: { ...POD, clientCa: { secret: 's' } }, config: { static: CALLERS } }],
  ['TLS for whoever comes, on purpose', { tls: TLS, acknowledge: { anyCaller: true } }],
]

describeRefusals(REFUSED, ACCEPTED)
