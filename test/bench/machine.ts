import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../scripts/root.ts'
import { DEFAULT_ENVOY } from '../../scripts/tools/catalog.ts'
import { envoyPath, peerPath } from '../../scripts/tools/locate.ts'
import { redisVersion } from './grpc/redis.ts'
import { PEERS } from './peers/index.ts'
import { canPin } from './pin.ts'

/** Where and with what was measured, for whoever reads the figures later. */
export interface Machine {
  readonly at: string
  readonly commit: string
  readonly cores: number
  readonly cpus: string
  readonly memoryBytes: number
  readonly system: string
  readonly isPinned: boolean
  /** One-minute load average before the run: what else the machine did. */
  readonly loadBefore: number
  readonly versions: Readonly<Record<string, string>>
}

export function describeMachine(): Machine {
  const all = cpus()
  return {
    at: new Date().toISOString(),
    commit: commit(),
    cores: all.length,
    cpus: `${all.length} x ${all[0]?.model.trim() ?? 'unknown'}`,
    memoryBytes: totalmem(),
    system: `${type()} ${arch()}`,
    isPinned: canPin,
    loadBefore: Math.round(100 * (loadavg()[0] ?? 0)) / 100,
    versions: versions(),
  }
}

function versions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const { node, v8 = '', openssl = '' } = process.versions
  const valkey = redisVersion()
  const peers = PEERS.flatMap((name) => {
    const peer = peerPath(name)
    return peer === undefined ? [] : [[name, peer.version] as const]
  })
  return {
    ...{ node, v8, openssl },
    ...(valkey && { valkey }),
    ...(envoyPath() && { envoy: DEFAULT_ENVOY }),
    ...Object.fromEntries(peers),
    ...dependencies,
  }
}

/** `unknown` outside of a clone; with `+` when files differ from it. */
function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim()
  const head = git('rev-parse', '--short', 'HEAD')
  if (!head) return 'unknown'
  return git('status', '--porcelain') ? `${head}+` : head
}

/** Whether others used all cores already before the run. */
export const isBusy = ({ loadBefore, cores }: Pick<Machine, 'loadBefore' | 'cores'>): boolean =>
  loadBefore > cores

export const machineLine = (machine: Machine): string =>
  `${machine.at.slice(0, 10)}, commit ${machine.commit}, ${machine.cpus}, ${machine.system}, Node ${machine.versions['node']}, load average before ${machine.loadBefore}`
