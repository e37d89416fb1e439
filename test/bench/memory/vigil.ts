import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVE_FLAGS } from '../../../bin/runtime.js'
import { ROOT } from '../../../scripts/root.ts'
import { freePorts } from '../../harness/ports.ts'
import { serving } from '../built.ts'
import { type Server, serverOf } from '../grpc/process.ts'
import { pinned } from '../pin.ts'
import { type BenchOptions, benchSettings } from '../settings.ts'

/**
 * `vigil serve` as it is built, on the settings of the other benchmarks. Its flags are those that the command gives itself:
 * it would do so by starting anew, and lose the channel on which it is asked for its usage.
 */
export async function startBuiltVigil(options: BenchOptions, flags: readonly string[]): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-memory-'))
  const { grpc, http } = await freePorts('grpc', 'http')
  const [fixed, config] = [join(folder, 'static.yaml'), join(folder, 'vigil.yaml')]
  // Wide, so that a busy machine gives slow answers and not refusals. JSON is YAML.
  const settings = {
    server: { listen: [`127.0.0.1:${grpc}`], deadlineMs: 10_000, drainDelaySeconds: 0 },
    store: { budgetMs: 5000 },
    probes: { listen: `127.0.0.1:${http}` },
  }
  writeFileSync(fixed, JSON.stringify(settings))
  writeFileSync(config, JSON.stringify(benchSettings({ ...options, records: join(folder, 'records.jsonl') })))
  const preload = join(import.meta.dirname, 'report-usage.ts')
  const child = fork(join(ROOT, 'bin/vigil.js'), ['serve', '--static', fixed, '--config', config], {
    ...pinned('subject', [...SERVE_FLAGS, ...flags, '--import', preload]),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await serving(child)
  return serverOf(child, `127.0.0.1:${grpc}`, 'vigil serve')
}
