import { describe, test } from '@jest/globals'
import { isCi } from '../../scripts/root.ts'
import { MISSING_TOOL_MARK } from '../../scripts/test/count.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import {
  browserPath,
  clusterPath,
  envoyPath,
  faketimePath,
  h2specPath,
  imageToolPath,
  layerPath,
  lintPath,
  prometheusPath,
  promtoolPath,
  redisPath,
  schemasPath,
  shellcheckPath,
  valkeyPath,
} from '../../scripts/tools/locate.ts'
import { hasNamespaces } from './namespaces.ts'

/** Describes tests that need a fetched Envoy of this version; `fn` gets its path. */
export function describeWithEnvoy(name: string, version: string, fn: (envoy: string) => void): void {
  describeWith(`${name} (Envoy ${version})`, `Envoy ${version}`, envoyPath(version), fn)
}

/** Describes tests that need Valkey (no TLS); `fn` gets its path. */
export function describeWithValkey(name: string, fn: (server: string) => void): void {
  describeWith(`${name} (Valkey)`, 'Valkey', valkeyPath(), fn)
}

/** Describes tests that need a redis-server >= 7 (with TLS); `fn` gets its path. */
export function describeWithRedis(name: string, fn: (server: string) => void): void {
  describeWith(`${name} (Redis)`, 'redis-server >= 7', redisPath(), fn)
}

/** Describes tests that need h2spec; `fn` gets its path. */
export function describeWithH2spec(name: string, fn: (h2spec: string) => void): void {
  describeWith(name, 'h2spec', h2specPath(), fn)
}

/** Describes tests that need a browser; `fn` gets its path. */
export function describeWithBrowser(name: string, fn: (browser: string) => void): void {
  describeWith(name, 'Chromium', browserPath(), fn)
}

/** Describes tests that need the fetched Helm 4 and Helm 3; `fn` runs once for each and gets name and path. */
export function describeWithHelm(name: string, fn: (helm: string, title: string) => void): void {
  for (const which of ['helm', 'helm3'] as const)
    describeWith(`${name} (${which})`, which, layerPath(which), (path) => fn(path, which))
}

/** The same with Helm 4 alone, for what Helm 3 does only with a cluster. */
export function describeWithHelm4(name: string, fn: (helm: string) => void): void {
  describeWith(`${name} (helm)`, 'helm', layerPath('helm'), fn)
}

/** Describes tests that need Helm 4 and the fetched schemas of Kubernetes; `fn` gets Helm's path and that of their index. */
export function describeWithSchemas(name: string, fn: (helm: string, index: string) => void): void {
  const helm = layerPath('helm')
  const index = helm === undefined ? undefined : schemasPath()
  describeWith(name, 'helm and kube-schemas', index, (path) => fn(helm ?? '', path))
}

/** Describes tests that need kubectl and the fetched schemas of Kubernetes; `fn` gets kubectl's path and that of their index. */
export function describeWithKubectl(name: string, fn: (kubectl: string, index: string) => void): void {
  const kubectl = layerPath('kubectl')
  const index = kubectl === undefined ? undefined : schemasPath()
  describeWith(name, 'kubectl and kube-schemas', index, (path) => fn(kubectl ?? '', path))
}

/** Describes tests that need faketime, which turns the clock of a program. */
export function describeWithFaketime(name: string, fn: () => void): void {
  describeWith(name, 'faketime', faketimePath(), fn)
}

/** Describes tests that need promtool; `fn` gets its path. */
export function describeWithPromtool(name: string, fn: (promtool: string) => void): void {
  describeWith(name, 'promtool', promtoolPath(), fn)
}

/** Describes tests that need a Prometheus that scrapes; `fn` gets its path. */
export function describeWithPrometheus(name: string, fn: (prometheus: string) => void): void {
  describeWith(name, 'Prometheus', prometheusPath(), fn)
}

/** The line of releases that istio.io/istio in scripts/tools/go/go.mod belongs to (its VERSION): Envoys say theirs. */
const ISTIO_VERSION = '1.31.0'

/** The least that a cluster is made of. */
const CLUSTER_PARTS = ['etcd', 'kube-apiserver', 'kube-controller-manager']

/**
 * Describes tests that need a real API server and Helm 4 or Helm 3; `fn` runs once for each and gets path and name.
 * @param helms one of them alone, for what happens after Helm has done its part
 */
export function describeWithCluster(
  name: string,
  fn: (helm: string, title: string) => void,
  helms: readonly ('helm' | 'helm3')[] = ['helm', 'helm3'],
): void {
  const missing = CLUSTER_PARTS.find((part) => clusterPath(part) === undefined)
  for (const which of helms) {
    const path = missing === undefined ? layerPath(which) : undefined
    describeWith(`${name} (${which})`, missing ?? which, path, (helm) => fn(helm, which))
  }
}

/** The same once, for what Helm has no part in. */
export function describeWithClusterOnce(name: string, fn: () => void): void {
  const missing = CLUSTER_PARTS.find((part) => clusterPath(part) === undefined)
  describeWith(name, missing ?? 'kubectl', missing === undefined ? layerPath('kubectl') : undefined, fn)
}

/** The same with Helm 4 and istiod; `fn` gets Helm's path and istiod's version. */
export function describeWithIstio(name: string, fn: (helm: string, version: string) => void): void {
  const missing = [...CLUSTER_PARTS, 'pilot-discovery'].find((part) => clusterPath(part) === undefined)
  const helm = missing === undefined ? layerPath('helm') : undefined
  describeWith(name, missing ?? 'helm', helm, (path) => fn(path, ISTIO_VERSION))
}

/**
 * The same with Envoy Gateway, which needs a network of its own (test/cluster/harness/island.ts); `fn` gets the paths of
 * Helm and of Envoy.
 */
export function describeWithEnvoyGateway(name: string, fn: (helm: string, envoy: string) => void): void {
  const envoy = envoyPath()
  const missing =
    [...CLUSTER_PARTS, 'envoy-gateway'].find((part) => clusterPath(part) === undefined) ??
    (envoy === undefined ? `Envoy ${DEFAULT_ENVOY}` : undefined) ??
    (hasNamespaces() ? undefined : 'user namespaces (unshare) and iproute2')
  const helm = missing === undefined ? layerPath('helm') : undefined
  describeWith(name, missing ?? 'helm', helm, (path) => fn(path, envoy ?? ''))
}

/** Describes tests that need a program that reads Dockerfiles or workflows; `fn` gets its path. */
export function describeWithLint(
  name: string,
  tool: Parameters<typeof lintPath>[0],
  fn: (path: string) => void,
): void {
  describeWith(`${name} (${tool})`, tool, lintPath(tool), fn)
}

/** Describes tests that need shellcheck; `fn` gets its path. */
export function describeWithShellcheck(name: string, fn: (path: string) => void): void {
  describeWith(name, 'shellcheck', shellcheckPath(), fn)
}

/** Describes tests that build and run an image, which takes root for mounts and namespaces. */
export function describeWithImageTools(name: string, fn: () => void): void {
  const tools = ['buildah', 'runc'] as const
  const missing = tools.find((tool) => imageToolPath(tool) === undefined)
  const isRoot = process.getuid?.() === 0
  describeWith(name, missing ?? 'root', missing === undefined && isRoot ? 'here' : undefined, fn)
}

/** Without the tool: in CI a failing test, at home one skipped test that scripts/test.ts counts and shouts about. */
function describeWith(
  name: string,
  tool: string,
  path: string | undefined,
  fn: (path: string) => void,
): void {
  if (path !== undefined) {
    describe(name, () => fn(path))
    return
  }
  const reason = `needs ${tool} ${MISSING_TOOL_MARK}`
  describe(name, () => {
    if (isCi()) {
      test(reason, () => {
        throw new Error(`${tool} is not there: run \`npm run tools\``)
      })
    } else {
      test.skip(reason, () => undefined)
    }
  })
}
