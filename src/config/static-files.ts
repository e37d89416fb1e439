import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { SettingsProblem } from '../errors.ts'
import { errorName, unreadable } from '../lib/error-name.ts'
import type { Settings } from './schema/settings.ts'
import type { StaticSettings } from './schema/static.ts'

type Named = readonly [path: readonly string[], file: string | undefined]

/** Every file that `static.yaml` names and this process would read. */
function filesOf({ server, store, instanceKeyFile, telemetry }: StaticSettings): Named[] {
  const { tls } = server
  const { redis, memory, kind } = store
  const ofRedis: Named[] = [
    [['store', 'redis', 'passwordFile'], redis?.passwordFile],
    [['store', 'redis', 'tls', 'caFile'], redis?.tls?.caFile],
    [['store', 'redis', 'tls', 'certFile'], redis?.tls?.certFile],
    [['store', 'redis', 'tls', 'keyFile'], redis?.tls?.keyFile],
    [['store', 'redis', 'sentinel', 'passwordFile'], redis?.sentinel?.passwordFile],
    [['store', 'redis', 'sentinel', 'tls', 'caFile'], redis?.sentinel?.tls?.caFile],
    [['store', 'redis', 'sentinel', 'tls', 'certFile'], redis?.sentinel?.tls?.certFile],
    [['store', 'redis', 'sentinel', 'tls', 'keyFile'], redis?.sentinel?.tls?.keyFile],
  ]
  return [
    [['server', 'tls', 'certFile'], tls?.certFile],
    [['server', 'tls', 'keyFile'], tls?.keyFile],
    [['server', 'tls', 'clientCaFile'], tls?.clientCaFile],
    [['instanceKeyFile'], instanceKeyFile],
    [['telemetry', 'otlp', 'headersFile'], telemetry.otlp?.headersFile],
    ...(kind === 'redis' ? ofRedis : [[['store', 'memory', 'seedFile'], memory.seedFile] as const]),
  ]
}

/** Only what is certain whoever looks: `config check` may run as somebody who may not read the keys. */
const CERTAIN = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

/**
 * Files that are not there, told where they are named instead of by the first one that fails to open.
 * @param folder relative names refer to it
 */
export const missingFiles = (settings: StaticSettings, folder: string): Promise<SettingsProblem[]> =>
  missing(filesOf(settings), folder)

/** Files of `vigil.yaml` without which it goes on: what they tell is missing, and whoever named them should know now. */
export async function missingData({ context }: Settings, folder: string): Promise<SettingsProblem[]> {
  const { countryFile, asnFile, cityFile } = context.network
  const named = Object.entries({ countryFile, asnFile, cityFile }).map(
    ([key, file]): Named => [['context', 'network', key], file],
  )
  const problems = await missing(named, folder)
  return problems.map(({ path, message }) => ({ path, message: `${message}; what it tells will be missing` }))
}

async function missing(named: readonly Named[], folder: string): Promise<SettingsProblem[]> {
  const problems: SettingsProblem[] = []
  for (const [path, file] of named) {
    if (file === undefined) continue
    const found = resolve(folder, file)
    const fault = await faultOf(found)
    if (fault !== undefined) problems.push({ path, message: `${path.join('.')}: ${fault}: ${found}` })
  }
  return problems
}

async function faultOf(file: string): Promise<string | undefined> {
  try {
    return (await stat(file)).isDirectory() ? unreadable({ code: 'EISDIR' }) : undefined
  } catch (error) {
    return CERTAIN.has(errorName(error)) ? unreadable(error) : undefined
  }
}
