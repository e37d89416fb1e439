import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { grpcTable, runGrpc } from './grpc/index.ts'
import { pinningSentence } from './pin.ts'
import { pipelineTable, runPipeline } from './pipeline/index.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'string' }, only: { type: 'string' } },
})
const say = (line: string) => process.stderr.write(`${line}\n`)
process.stdout.write(`${pinningSentence}\n`)
const out: Record<string, unknown> = {}
if (values.only !== 'grpc') {
  const figures = await runPipeline(values.quick ? 200 : 1000, say)
  out['pipeline'] = figures
  process.stdout.write(`\n${pipelineTable(figures)}\n`)
}
if (values.only !== 'pipeline') {
  const result = await runGrpc(
    values.quick
      ? { rounds: 3, warmSeconds: 0.7, closedSeconds: 0.7, openSeconds: 0.8 }
      : { rounds: 9, warmSeconds: 3, closedSeconds: 4, openSeconds: 8 },
    say,
  )
  out['grpc'] = result
  process.stdout.write(`\n${grpcTable(result.rows)}\n`)
}
if (values.json) writeFileSync(values.json, JSON.stringify(out, null, 2))
