import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Tool } from './catalog.ts'
import { lastLines } from './wheel.ts'

/** A Go module and its hash, as go.sum writes it. */
export type ModulePin = { module: string; version: string; sum: string }

/** What the tool's file tells: folders of OpenAPI documents by Kubernetes version, folders of CRDs by module. */
export type SchemaIndex = {
  kubernetes: Record<string, string>
  crds: Record<string, string>
}

const KUBERNETES = 'k8s.io/kubernetes'

/**
 * The files that are kept of a module: those groups that the chart renders objects of, and what a real Envoy Gateway cannot
 * be tried without. Raise `revision` of the requirements with each change: their hash names the cache.
 */
const KEPT: Record<string, readonly string[]> = {
  [KUBERNETES]: [
    'api__v1',
    'apis__apps__v1',
    'apis__autoscaling__v2',
    'apis__batch__v1',
    'apis__networking.k8s.io__v1',
    'apis__policy__v1',
    'apis__rbac.authorization.k8s.io__v1',
  ].map((group) => `api/openapi-spec/v3/${group}_openapi.json`),
  'istio.io/api': ['kubernetes/customresourcedefinitions.gen.yaml'],
  'github.com/envoyproxy/gateway': [
    'charts/gateway-helm/charts/crds/crds/generated/*_{securitypolicies,envoyproxies}.yaml',
  ],
  'sigs.k8s.io/gateway-api': [
    'config/crd/standard/*_{backendtlspolicies,referencegrants,gatewayclasses,gateways,httproutes}.yaml',
  ],
  'github.com/prometheus-operator/prometheus-operator': [
    'example/prometheus-operator-crd/*_{servicemonitors,podmonitors,prometheusrules}.yaml',
  ],
  'github.com/cert-manager/cert-manager': ['deploy/crds/cert-manager.io_certificates.yaml'],
  'github.com/kedacore/keda/v2': ['config/crd/bases/keda.sh_scaledobjects.yaml'],
}

/**
 * Fetches the schemas of Kubernetes, Istio, Envoy Gateway and other operators out of their Go modules, whose
 * pinned hashes are checked. Needs go; nothing is built, and the user's own module cache is left alone.
 */
export function fetchSchemas(tool: Tool, into: string): void {
  const { modules } = JSON.parse(readFileSync(tool.requirements, 'utf8')) as { modules: ModulePin[] }
  const index: SchemaIndex = { kubernetes: {}, crds: {} }
  const cache = join(into, 'modules')
  for (const pin of modules) {
    const folder = `${pin.module.replaceAll('/', '_')}-${pin.version}`
    const source = goDownload(pin, cache)
    keep(source, KEPT[pin.module] ?? [], join(into, folder))
    if (pin.module === KUBERNETES) index.kubernetes[pin.version.slice(1)] = folder
    else index.crds[`${pin.module}@${pin.version}`] = folder
  }
  rmSync(cache, { recursive: true })
  writeFileSync(join(into, tool.binary), JSON.stringify(index, null, 2))
}

function keep(source: string, patterns: readonly string[], into: string): void {
  const files = globSync([...patterns], { cwd: source })
  if (files.length < patterns.length) throw new Error(`${source} does not hold ${patterns.join(', ')}`)
  mkdirSync(into)
  for (const file of files) cpSync(join(source, file), join(into, basename(file)))
}

/** @returns the folder of the unpacked module */
function goDownload({ module, version, sum }: ModulePin, cache: string): string {
  const { status, stdout, stderr, error } = spawnSync(
    'go',
    ['mod', 'download', '-json', `${module}@${version}`],
    {
      // Outside of any Go module.
      cwd: '/',
      encoding: 'utf8',
      timeout: 600_000,
      env: { ...process.env, GOMODCACHE: cache, GOFLAGS: '-modcacherw', GOWORK: 'off' },
    },
  )
  if (error) throw new Error(`go is needed to fetch schemas: ${error.message}`)
  if (status !== 0)
    throw new Error(`go mod download ${module}@${version} failed: ${lastLines(stderr || stdout)}`)
  const { Dir: folder, Sum: found } = JSON.parse(stdout) as { Dir: string; Sum: string }
  checkSum({ module, version, sum }, found)
  return folder
}

/** @throws Error when the module is not the pinned one */
export function checkSum({ module, version, sum }: ModulePin, found: string): void {
  if (found !== sum) throw new Error(`${module}@${version} has the hash ${found}, pinned is ${sum}`)
}
