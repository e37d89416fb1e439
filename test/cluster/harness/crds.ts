import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { schemasPath } from '../../../scripts/tools/locate.ts'
import { type KubeObject, parseObjects } from '../../chart/harness/helm.ts'
import { sourcesOf } from '../../chart/harness/strict.ts'
import { waitUntil } from '../../harness/wait.ts'
import type { Api } from './api.ts'

/** Of these the chart makes no objects. */
const GATEWAYS = ['GatewayClass', 'Gateway', 'HTTPRoute', 'EnvoyProxy']

type Wanted = (group: string, kind: string) => boolean

/** What Envoy Gateway watches, as far as it is needed. */
export const ofEnvoyGateway: Wanted = (group) =>
  ['gateway.networking.k8s.io', 'gateway.envoyproxy.io'].includes(group)

const ofTheChart: Wanted = (group, kind) => !(ofEnvoyGateway(group, kind) && GATEWAYS.includes(kind))

/** Installs the CRDs of Istio, Gateway API, Envoy Gateway and the Prometheus operator; tells what they were taken from. */
export async function installCrds(api: Api, isWanted: Wanted = ofTheChart): Promise<string[]> {
  const index = schemasPath()
  if (index === undefined) throw new Error('no kube-schemas: run `npm run tools`')
  const folder = dirname(index)
  const crds = globSync('*/*.yaml', { cwd: folder })
    .flatMap((file) => parseObjects(readFileSync(join(folder, file), 'utf8')))
    .filter(({ kind, spec }) => kind === 'CustomResourceDefinition' && isWanted(spec.group, spec.names.kind))
  for (const crd of crds) await api.apply(crd)
  for (const { metadata } of crds) await established(api, metadata.name)
  return sourcesOf(index)
}

async function established(api: Api, name: string): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`
  await waitUntil(`${name} established`, 30_000, async () => {
    const { status } = (await api.get(path)) as KubeObject
    return status?.conditions?.some(
      (each: Record<string, string>) => each['type'] === 'Established' && each['status'] === 'True',
    )
  })
}
