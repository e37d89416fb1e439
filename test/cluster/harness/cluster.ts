import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHART, type KubeObject, type Said } from '../../chart/harness/helm.ts'
import { start } from '../../harness/process.ts'
import { type Api, pathOf } from './api.ts'
import { startControlPlane } from './control-plane.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'

/** A cluster for one test file: a real control plane, and the stand-in for its one node. */
export interface Cluster {
  readonly api: Api
  readonly kubelet: Kubelet
  readonly version: string
  readonly kubeconfig: string
  /** Runs Helm against it and waits for its end, while pods go on. */
  helm(helm: string, ...args: readonly string[]): Promise<Said>
  /** `helm VERB vigil CHART` with values, in a namespace; further arguments of Helm. */
  put(
    helm: string,
    verb: 'install' | 'upgrade',
    namespace: string,
    values: unknown,
    ...args: readonly string[]
  ): Promise<Said>
  /** Creates a namespace that refuses every pod that does not meet the Pod Security Standard restricted. */
  namespace(name: string): Promise<void>
  stop(): Promise<void>
}

/** What a test wants of its cluster. */
export interface ClusterOptions {
  /** The pods that are run; the others stay pending. Absent: all. */
  readonly isMine?: (pod: KubeObject) => boolean
  /** Further flags of the API server. */
  readonly flags?: readonly string[]
  /** Services have endpoints: at 10.a.b.c, of pods that listen at 127.a.b.c. */
  readonly hasEndpoints?: boolean
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { isMine, flags = [], hasEndpoints = false } = options
  const plane = await startControlPlane(flags, hasEndpoints)
  const kubelet = startKubelet(plane.api, isMine, hasEndpoints)
  const home = mkdtempSync(join(tmpdir(), 'vigil-helm-'))
  const helm: Cluster['helm'] = async (binary, ...args) => {
    const running = start(binary, args, {
      // No repository, plugin or cluster of this machine can play a part.
      env: {
        HOME: home,
        XDG_CACHE_HOME: '',
        XDG_CONFIG_HOME: '',
        XDG_DATA_HOME: '',
        KUBECONFIG: plane.kubeconfig,
      },
    })
    const ended = await running.ended
    return {
      status: typeof ended === 'number' ? ended : null,
      stdout: running.output(),
      stderr: running.output(),
    }
  }
  let count = 0
  return {
    ...plane,
    kubelet,
    helm,
    put: (binary, verb, namespace, values, ...args) => {
      const file = join(home, `values-${++count}.yaml`)
      // JSON: Helm reads YAML 1.1, in which the `y` of a key is a yes and its `n` a no, unless they are quoted.
      writeFileSync(file, JSON.stringify(values))
      return helm(binary, verb, 'vigil', CHART, '--namespace', namespace, '--values', file, ...args)
    },
    namespace: async (name) => {
      const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
      await plane.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
      // The chart looks for it, and pods want it.
      const account = `/api/v1/namespaces/${name}/serviceaccounts/default`
      while ((await plane.api.ask('GET', account)).status !== 200)
        await new Promise((resolve) => setTimeout(resolve, 50))
    },
    stop: async () => {
      await kubelet.stop()
      await plane.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Whether the API server has the object. */
export async function isThere(api: Api, object: KubeObject, namespace: string): Promise<boolean> {
  return (await api.ask('GET', pathOf(object, namespace))).status === 200
}

/** @throws Error with what Helm and then what the pods have said, when it did not succeed */
export function expectDone({ status, stderr }: Said, pods = ''): void {
  if (status !== 0) throw new Error(`helm ended with ${status}:\n${stderr}\n${pods}`)
}
