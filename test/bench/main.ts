import { writeFileSync } from 'node:fs'
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

async function main(args: readonly string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = parseOptions(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\nnpm run bench -- --help\n`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(HELP)
    return 0
  }
  const report = await run(options)
  process.stdout.write(`\n${render(report)}\n`)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
