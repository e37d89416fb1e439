import { runCommand } from './command.ts'
import { grpcSeconds, runGrpc } from './grpc/index.ts'
import { describeMachine } from './machine.ts'
import { memorySeconds, runMemory } from './memory/index.ts'
import { HELP, type Options, type Part, parseOptions } from './options.ts'
import { pipelineSeconds, runPipeline } from './pipeline/index.ts'
import { createProgress } from './progress.ts'
import { type Report, render, withGoals } from './report.ts'
import { runStart, startSeconds } from './start/index.ts'

function plannedSeconds({ parts, msPerCase, rounds, memory, starts }: Options): number {
  const each: Record<Part, number> = {
    pipeline: pipelineSeconds(msPerCase),
    grpc: grpcSeconds(rounds),
    memory: memorySeconds(memory),
    start: startSeconds(starts),
  }
  return parts.reduce((sum, part) => sum + each[part], 0)
}

async function run(options: Options): Promise<Report> {
  const say = createProgress(
    plannedSeconds(options),
    (line) => process.stderr.write(`${line}\n`),
    () => performance.now(),
  )
  const machine = describeMachine()
  const has = (part: Part) => options.parts.includes(part)
  return withGoals({
    machine,
    isQuick: options.isQuick,
    ...(has('pipeline') ? { pipeline: await runPipeline(options.msPerCase, say) } : {}),
    ...(has('grpc') ? { grpc: await runGrpc(options.rounds, say) } : {}),
    ...(has('memory') ? { memory: await runMemory(options.memory, say) } : {}),
    ...(has('start') ? { start: await runStart(options.starts, say) } : {}),
  })
}

const BENCH = {
  name: 'npm run bench',
  help: HELP,
  parse: parseOptions,
  run,
  render: (report: Report) => `\n${render(report)}`,
}

process.exitCode = await runCommand(BENCH, process.argv.slice(2))
