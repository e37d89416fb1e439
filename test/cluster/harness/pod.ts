import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../../scripts/root.ts'
import { valkeyPath } from '../../../scripts/tools/locate.ts'
import type { KubeObject } from '../../chart/harness/helm.ts'
import { type Running, start } from '../../harness/process.ts'
import type { Api } from './api.ts'
import { type Health, watchHealth } from './probes.ts'
import { mountVolumes, type Translate } from './volumes.ts'

const TICK_MS = 100
/** The kubelet itself needs up to about two minutes. */
const REFRESH_MS = 250

/** Loaded before the command of a pod of Vigil. */
const NAMES = join(import.meta.dirname, 'names.ts')

/** What a pod gets of its node. */
export interface Place {
  /** Where it listens. */
  readonly address: string
  /** Where the API server is told that it does. */
  readonly podIp: string
  readonly namesFile: string
}

/** One pod as processes of this machine. */
export interface LivePod {
  readonly name: string
  /** By its label. */
  readonly component: string | undefined
  /** Where its container listens: an address of its own in 127.0.0.0/8. */
  readonly address: string
  /** When a mounted folder was last swapped, on the clock of `performance.now()`. */
  swappedMs(): number
  /** What its container has written, over all its starts. */
  output(): string
  /** As an eviction does: preStop, SIGTERM, and after the grace SIGKILL. */
  end(): Promise<void>
  /** Kills the process, as a crash does. */
  crash(): void
}

/** Runs a pod until it is ended; `tell` puts a status at the API server. */
export function runPod(api: Api, pod: KubeObject, { address, podIp, namesFile }: Place): LivePod {
  const root = mkdtempSync(join(tmpdir(), 'vigil-pod-'))
  const [container] = pod['spec'].containers
  const translate = translator(container, root, address)
  const mounted = mountVolumes(api, pod, root, translate)
  const outputs: string[] = []
  let process: Running | undefined
  let restarts = 0
  let isEnding = false

  const tell = (state: object, health?: Health) => patchStatus(api, pod, podIp, { state, health, restarts })
  const launch = () => {
    const [command, args] = commandOf(container, translate, address)
    const names = { CLUSTER_NAMES: namesFile, CLUSTER_NAMESPACE: pod.metadata.namespace ?? '' }
    const running = start(command, args, { cwd: root, env: { ...envOf(container, translate), ...names } })
    process = running
    return running
  }
  /** A job: to its end, once. */
  const runOnce = async () => {
    const running = launch()
    await tell({ phase: 'Running' })
    const code = await running.ended
    outputs.push(running.output())
    if (!isEnding) await tell({ phase: code === 0 ? 'Succeeded' : 'Failed', exitCode: Number(code) || 0 })
  }
  /** A service: one start, until it ends or its probes give it up. */
  const serveOnce = async () => {
    const running = launch()
    const watch = watchHealth(container, address)
    let told = ''
    let refreshedMs = 0
    while (!running.hasEnded()) {
      const nowMs = performance.now()
      if (nowMs - refreshedMs > REFRESH_MS) {
        await mounted.refresh()
        refreshedMs = nowMs
      }
      const health = await watch.tick(nowMs)
      const word = JSON.stringify(health)
      if (word !== told && !running.hasEnded()) await tell({ phase: 'Running' }, health)
      told = word
      if (health.isLost && !isEnding) await running.stop(2000)
      await sleep(TICK_MS)
    }
    outputs.push(running.output())
  }
  const live = async () => {
    while (!isEnding && !(await mounted.refresh())) await sleep(TICK_MS)
    if (pod['spec'].restartPolicy === 'Never') {
      if (!isEnding) await runOnce()
      return
    }
    while (!isEnding) {
      await serveOnce()
      if (isEnding) break
      restarts += 1
      await tell({ phase: 'Running' }, { isStarted: false, isReady: false, isLost: true })
      await sleep(500)
    }
  }
  const lived = live().catch((error) => void outputs.push(String(error)))
  const end = async () => {
    isEnding = true
    const graceMs = (pod['spec'].terminationGracePeriodSeconds ?? 30) * 1000
    const sleepMs = (container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000
    if (process !== undefined && !process.hasEnded()) {
      if (sleepMs > 0) await sleep(sleepMs)
      await process.stop(graceMs - sleepMs)
    }
    await lived
    rmSync(root, { recursive: true, force: true })
  }
  return {
    name: pod.metadata.name,
    component: pod.metadata.labels?.['app.kubernetes.io/component'],
    address,
    swappedMs: mounted.swappedMs,
    output: () => [...outputs, process?.hasEnded() ? '' : (process?.output() ?? '')].join(''),
    end,
    crash: () => process?.kill('SIGKILL'),
  }
}

/** Mounted paths lie below the pod's root, and "every address" is the pod's own. */
function translator(container: KubeObject['spec'], root: string, address: string): Translate {
  const paths = ((container.volumeMounts ?? []) as { mountPath: string }[]).map((mount) => mount.mountPath)
  return (text) =>
    paths
      .reduce((all, path) => all.replaceAll(`${path}/`, `${join(root, path)}/`), text)
      .replaceAll('0.0.0.0:', `${address}:`)
}

/** What stands for the entrypoint of an image: its last name decides. */
function commandOf(
  { image, args }: { image: string; args: string[] },
  translate: Translate,
  address: string,
): [command: string, args: string[]] {
  const name = /([^/:@]+)(?:[:@][^/]*)?$/.exec(image)?.[1]
  if (name === 'vigil')
    return [process.execPath, ['--import', NAMES, join(ROOT, 'bin', 'vigil.js'), ...args.map(translate)]]
  const [program, ...rest] = args
  const valkey = valkeyPath()
  if (name === 'valkey' && program === 'valkey-server' && valkey !== undefined)
    return [valkey, [...rest, '--bind', address]]
  throw new Error(`nothing stands for the image ${image}`)
}

/** Of the tests' own environment a container sees nothing that matters. */
function envOf(container: KubeObject['spec'], translate: Translate): Record<string, string> {
  const given = (container.env ?? []) as { name: string; value?: string }[]
  const told = given.map(({ name, value = '' }) => [name, translate(value)])
  return { NODE_OPTIONS: '', CI: '', ...Object.fromEntries(told) }
}

interface Reported {
  readonly state: { readonly phase?: string; readonly exitCode?: number }
  readonly health?: Health | undefined
  readonly restarts: number
}

async function patchStatus(
  api: Api,
  pod: KubeObject,
  podIp: string,
  { state, health, restarts }: Reported,
): Promise<void> {
  const now = new Date().toISOString()
  const { name, namespace } = pod.metadata
  const [container] = pod['spec'].containers
  const isReady = health?.isReady ?? false
  const ran =
    state.exitCode === undefined
      ? { running: { startedAt: now } }
      : { terminated: { exitCode: state.exitCode, startedAt: now, finishedAt: now } }
  const condition = (type: string, isTrue: boolean) => ({
    type,
    status: isTrue ? 'True' : 'False',
    lastTransitionTime: now,
  })
  const status = {
    phase: state.phase,
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime: now,
    conditions: [
      ...['PodScheduled', 'Initialized'].map((type) => condition(type, true)),
      ...['ContainersReady', 'Ready'].map((type) => condition(type, isReady)),
    ],
    containerStatuses: [
      {
        name: container.name,
        image: container.image,
        imageID: '',
        ready: isReady,
        started: health?.isStarted ?? true,
        restartCount: restarts,
        state: ran,
      },
    ],
  }
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`
  const { status: code, body } = await api.ask('PATCH', path, { status }, 'application/merge-patch+json')
  // Gone meanwhile: nobody is left who would read it.
  if (code >= 300 && code !== 404) throw new Error(`PATCH ${path}: ${code} ${body['message']}`)
}
