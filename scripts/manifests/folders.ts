import { stringify } from 'yaml'
import { type Manifest, manifests, meshConfig, textOf, textOfNew } from './render.ts'
import { bootstrap, patch, staticBeside } from './sidecars.ts'

/** A folder of k8s/ that is written from the chart. */
export interface Folder {
  readonly name: string
  /** The ready file of values that it begins with. */
  readonly ready?: string
}

export const FOLDERS: readonly Folder[] = [
  { name: 'istio-gateway', ready: 'istio-sidecar' },
  { name: 'istio-sidecar', ready: 'istio-sidecar' },
  { name: 'istio-ambient', ready: 'istio-ambient' },
  { name: 'envoy-gateway', ready: 'envoy-gateway' },
  { name: 'envoy-sidecar' },
]

const HEAD = '# Written by `npm run manifests` from the chart and values.yaml beside it.\n'

/** What Envoys of other namespaces are told; without it nobody asks. */
const isAttachment = (manifest: Manifest): boolean =>
  ['SecurityPolicy', 'EnvoyFilter'].includes(kindOf(manifest)) ||
  manifest.getIn(['spec', 'action']) === 'CUSTOM'

const kindOf = (manifest: Manifest) => String(manifest.get('kind'))

/** The files of a folder by name. @param helm path of Helm 4 */
export function filesOf({ name, ready }: Folder, helm: string): Map<string, string> {
  const own = ['k8s/values.yaml', `k8s/${name}/values.yaml`]
  const values = ready === undefined ? own : [`charts/vigil/values/${ready}.yaml`, ...own]
  const objects = manifests(helm, values)
  return name === 'envoy-sidecar' ? beside(objects) : apart(objects, meshConfig(helm, values))
}

/** Vigil in a namespace of its own. */
function apart(objects: readonly Manifest[], mesh: object | undefined): Map<string, string> {
  const services = objects.filter((object) => kindOf(object) !== 'ConfigMap' && !isAttachment(object))
  const files = new Map([
    ['static.yaml', `${HEAD}# A change rolls the pods.\n${settings(objects, 'static')}`],
    ['vigil.yaml', `${HEAD}# A change is live without a restart.\n${settings(objects, 'dynamic')}`],
    ['objects.yaml', HEAD + services.map(textOf).join('---\n')],
    ['attach.yaml', HEAD + objects.filter(isAttachment).map(textOf).join('---\n')],
  ])
  if (mesh !== undefined)
    files.set(
      'mesh-config.yaml',
      `${HEAD}# What istiod has to know before attach.yaml: a policy with a provider that it does not know denies all.\n${stringify(mesh)}`,
    )
  return files
}

/** Vigil and Envoy in the pod of an application. */
function beside(objects: readonly Manifest[]): Map<string, string> {
  const deployment = objects.find((object) => kindOf(object) === 'Deployment')
  if (deployment === undefined) throw new Error('the chart renders no Deployment')
  return new Map([
    ['static.yaml', HEAD + staticBeside(settings(objects, 'static'))],
    ['vigil.yaml', `${HEAD}# A change is live without a restart.\n${settings(objects, 'dynamic')}`],
    ['envoy.yaml', `# Written by \`npm run manifests\` from envoy/sidecar.yaml.\n${bootstrap()}`],
    ['patch.yaml', HEAD + textOfNew(patch(deployment))],
  ])
}

/** A file of settings as the chart writes it. */
function settings(objects: readonly Manifest[], speed: 'static' | 'dynamic'): string {
  const map = objects.find((object) => object.getIn(['metadata', 'name']) === `vigil-${speed}`)
  return String(map?.getIn(['data', speed === 'static' ? 'static.yaml' : 'vigil.yaml']))
}
