import { z } from 'zod'
import { anyList, peers, ports } from './kubernetes.ts'

const inNamespace = (name: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
})

/** Where kube-dns stands, and the address of the node-local cache. */
const DNS = [inNamespace('kube-system'), { ipBlock: { cidr: '169.254.20.10/32' } }]

const mesh = z
  .strictObject({
    controlPlane: peers
      .default([inNamespace('istio-system')])
      .describe('Where the sidecar of a pod finds its control plane (ports 15010 to 15012).'),
    tunnelPort: z
      .int()
      .min(0)
      .max(65_535)
      .default(15008)
      .describe(
        'Port of the tunnel of an ambient mesh (HBONE); 0: closed. A NetworkPolicy does not see the port behind it, so `callers` may read /metrics, too, and `monitoring` may ask where `callers` of `attach.istio` do not close the port of checks.',
      ),
  })
  .prefault({})

const host = z.strictObject({
  to: peers.optional().describe('Where it stands.'),
  ports: ports.optional().describe('The ports of the pods behind it, where they differ from the address.'),
})

export const networkPolicy = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Without it everybody in the cluster may ask.'),
    callers: peers
      .default([{ namespaceSelector: { matchLabels: { 'vigil/caller': 'true' } } }])
      .describe('Who may ask: by default all pods of namespaces with the label `vigil/caller: "true"`.'),
    monitoring: peers.default([inNamespace('monitoring')]).describe('Who may read /metrics.'),
    dns: z
      .strictObject({
        peers: peers.default(DNS).describe('Where names are resolved.'),
        ports: ports
          .default([
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ])
          .describe('At which ports.'),
      })
      .prefault({})
      .describe('The resolver of the cluster.'),
    hosts: z
      .record(z.string(), host)
      .default({})
      .describe(
        'Narrows, by host name, the rule that is made for each host of the configuration: without it a host outside the cluster may have any address. Where servers stand that Sentinels or a cluster tell of, and at another port than these, goes into `to` and `ports`.',
      ),
    mesh: mesh.describe('What `tls.mode: mesh` opens besides.'),
    extraIngress: anyList.default([]).describe('Further rules, as in a NetworkPolicy.'),
    extraEgress: anyList.default([]).describe('Further rules, as in a NetworkPolicy.'),
  })
  .prefault({})
