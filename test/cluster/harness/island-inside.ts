/** The first process of an island (island.ts): its ends of the bridges, and the program that it is for. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { forward, serveDials } from './bridge.ts'
import type { IslandPlan } from './island.ts'

const plan: IslandPlan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))

for (const at of plan.listeners) {
  await forward(at, plan.sockets.out, ({ localAddress = '', localPort = 0 }) => ({
    host: localAddress,
    port: localPort,
  }))
}
await serveDials(plan.sockets.into)
// The end of the first process is the end of all.
createServer(() => process.exit(0)).listen(plan.sockets.end)
const [command = '', ...args] = plan.command
const program = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...plan.env } })
program.on('error', (error) => {
  console.error(error)
  process.exit(1)
})
program.on('exit', (code) => process.exit(code ?? 1))
