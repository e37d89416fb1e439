import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Running, start } from '../../harness/process.ts'
import { waitForPort } from '../../harness/wait.ts'
import { type Core, pinnedCommand } from '../pin.ts'
import { type Accounted, accountOf } from './proc.ts'

/** What a peer is told. */
export interface PeerOptions {
  /** The issuer's key set as it publishes it. */
  readonly jwks: object
  readonly core: Core
}

/** Somebody else's service under test. */
export interface PeerServer {
  readonly address: string
  ask(question: 'usage'): Promise<Accounted>
  stop(): Promise<void>
}

/** A folder for the files of a peer. */
export function scratch(name: string): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `vigil-bench-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function startPinned(
  core: Core,
  binary: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Running {
  const [command = '', ...rest] = pinnedCommand(core, binary, args)
  return start(command, rest, { env })
}

/** @throws with what it said when it ends */
async function diesOf(running: Running): Promise<never> {
  const code = await running.ended
  throw new Error(`ended with ${code} before it served:\n${running.output()}`)
}

/** Once it accepts connections. @param release what goes with it */
export async function served(running: Running, port: number, release: () => void): Promise<PeerServer> {
  const stop = async () => {
    await running.stop()
    release()
  }
  try {
    await Promise.race([waitForPort(port, 30_000), diesOf(running)])
  } catch (error) {
    await stop()
    throw error
  }
  return { address: `127.0.0.1:${port}`, ask: async () => accountOf(running.pid), stop }
}
