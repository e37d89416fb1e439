import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MAX_NATS, type Signal } from './signal.ts'

const FILE = /^([a-z0-9-]+)\.(?:js|ts)$/
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/**
 * The directory is the registry: every `signals/<id>.ts` (or `.js` when built) is a signal, ordered by id.
 * Read once at start, before anything is served.
 * @throws Error when a file is not a signal: a fault of the build, not of configuration.
 */
export async function discoverSignals(
  directory = join(import.meta.dirname, 'signals'),
): Promise<readonly Signal[]> {
  const signals: Signal[] = []
  for (const file of readdirSync(directory).sort()) {
    const id = FILE.exec(file)?.[1]
    if (id === undefined) continue
    const module: { default?: unknown } = await import(pathToFileURL(join(directory, file)).href)
    const fault = faultOf(module.default, id)
    if (fault !== undefined) throw new Error(`risk/signals/${file}: ${fault}`)
    signals.push(module.default as Signal)
  }
  return signals
}

/** What is wrong with a signal; the contract that types cannot tell. */
function faultOf(candidate: unknown, id: string): string | undefined {
  if (typeof candidate !== 'object' || candidate === null) return 'has no default export made by defineSignal'
  const signal = candidate as Partial<Signal>
  if (signal.id !== id) return `its id is "${signal.id}", not its file name`
  if (typeof signal.evaluate !== 'function' || signal.settings === undefined) return 'is no signal'
  const reasons = Object.keys(signal.reasons ?? {})
  if (reasons.length === 0 || !reasons.every((r) => SLUG.test(r)))
    return 'its reasons must be slugs, at least one'
  if (!(Number(signal.cap) > 0 && Number(signal.cap) <= MAX_NATS))
    return `its cap must be in (0, ${MAX_NATS}]`
  const floor = signal.floor ?? 0
  return floor <= 0 && floor >= -MAX_NATS ? undefined : `its floor must be in [-${MAX_NATS}, 0]`
}
