/** Below it `SET … NX GET` is a syntax error. Valkey tells the version it is compatible with. */
const LOWEST_MAJOR = 7

export const WEAKNESSES = ['eviction', 'replica', 'version', 'unknown'] as const

/** What identifies a primary and its data: both change when another takes over or the process starts anew. */
export interface Primary {
  readonly runId: string
  readonly replicationId: string
}

export interface Examined {
  /** The one that was known, if it is still the same. */
  readonly primary: Primary
  readonly degraded: readonly string[]
}

/** Reads the reply of INFO. */
export function examine(info: string, known: Primary | undefined): Examined {
  const fields = fieldsOf(info)
  const runId = fields.get('run_id') ?? ''
  const replicationId = fields.get('master_replid') ?? ''
  const isSame = known?.runId === runId && known.replicationId === replicationId
  return { primary: isSame ? known : { runId, replicationId }, degraded: weaknesses(fields) }
}

function weaknesses(fields: ReadonlyMap<string, string>): string[] {
  const policy = fields.get('maxmemory_policy')
  const role = fields.get('role')
  const major = Number.parseInt(fields.get('redis_version') ?? '', 10)
  if (policy === undefined || role === undefined || Number.isNaN(major)) return ['unknown']
  const found: string[] = []
  if (policy !== 'noeviction') found.push('eviction')
  if (role !== 'master') found.push('replica')
  if (major < LOWEST_MAJOR) found.push('version')
  return found
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of info.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return fields
}
