import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { ROOT } from '../root.ts'
import { DEFAULT_ENVOY } from '../tools/catalog.ts'
import type { Manifest } from './render.ts'

/** Who asks stands beside Vigil: its port is for the pod alone, its probes are for the kubelet. */
export function staticBeside(text: string): string {
  const settings = parse(text) as { server: { listen: string[] } }
  settings.server.listen = settings.server.listen.map((address) =>
    address.replace(/^0\.0\.0\.0:/, '127.0.0.1:'),
  )
  return stringify(settings)
}

/** envoy/sidecar.yaml, reached from outside of the pod. Its marks for tests mean nothing here. */
export function bootstrap(): string {
  const own = readFileSync(join(ROOT, 'envoy', 'sidecar.yaml'), 'utf8').replace(/ # \$\{[A-Z_]+\}$/gm, '')
  const [head, tail] = own.split('socket_address: { address: 127.0.0.1, port_value: 10080 }')
  if (head === undefined || tail === undefined) throw new Error('envoy/sidecar.yaml has another listener')
  const body = `${head}socket_address: { address: 0.0.0.0, port_value: 10080 }${tail}`
  return body
    .replace(/^(#.*\n)+/, '')
    .replace(/^ *# Loopback, so that[^\n]*\n[^\n]*must say who may reach it\.\n/m, '')
}

const ENVOY = {
  name: 'envoy',
  image: `docker.io/envoyproxy/envoy:v${DEFAULT_ENVOY}`,
  restartPolicy: 'Always',
  args: ['-c', '/etc/envoy/envoy.yaml', '--disable-hot-restart'],
  ports: [{ name: 'through-envoy', containerPort: 10080, protocol: 'TCP' }],
  startupProbe: { tcpSocket: { port: 10080 }, periodSeconds: 1, failureThreshold: 60 },
  readinessProbe: { tcpSocket: { port: 10080 }, periodSeconds: 5 },
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  volumeMounts: [{ name: 'vigil-envoy', mountPath: '/etc/envoy', readOnly: true }],
}

interface Volume {
  readonly name: string
  readonly secret?: { defaultMode: number }
}

/**
 * The patch that puts Vigil and Envoy before the containers of a Deployment. What the chart says for a whole pod is said
 * for each of the two, because the rest of the pod is the application's.
 */
export function patch(deployment: Manifest): object {
  const pod = deployment.toJS().spec.template.spec
  const [{ lifecycle: _, volumeMounts, ...vigil }] = pod.containers
  const { fsGroup: __, ...whole } = pod.securityContext
  const own = (user: number) => ({ ...whole, runAsUser: user, runAsGroup: user, ...vigil.securityContext })
  const named = <T extends { readonly name: string }>(each: T) => ({ ...each, name: `vigil-${each.name}` })
  const probes = { name: 'vigil-probes', containerPort: 9090, protocol: 'TCP' }
  const initContainers = [
    {
      ...vigil,
      restartPolicy: 'Always',
      ports: [probes],
      startupProbe: onPort(vigil.startupProbe),
      readinessProbe: onPort(vigil.readinessProbe),
      livenessProbe: onPort(vigil.livenessProbe),
      securityContext: own(whole.runAsUser),
      volumeMounts: volumeMounts.map(named),
    },
    { ...ENVOY, securityContext: own(101) },
  ]
  const volumes = [...pod.volumes.map((volume: Volume) => named(readable(volume)))]
  volumes.push({ name: 'vigil-envoy', configMap: { name: 'vigil-envoy' } })
  return { spec: { template: { spec: { initContainers, volumes } } } }
}

const onPort = (probe: { readonly httpGet: object }) => ({
  ...probe,
  httpGet: { ...probe.httpGet, port: 'vigil-probes' },
})

/** Without a group of the pod nobody but root could read them; only Vigil’s container mounts them. */
const readable = (volume: Volume): Volume =>
  volume.secret === undefined ? volume : { ...volume, secret: { ...volume.secret, defaultMode: 0o444 } }
