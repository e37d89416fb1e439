import { createHash } from 'node:crypto'

/**
 * Names a generation: 16 hex digits of the SHA-256 of the settings with all defaults filled in. Comments, the order of keys
 * and written-out defaults do not change it; replicas with equal settings show equal hashes.
 */
export function hashSettings(settings: unknown): string {
  const canonical = JSON.stringify(settings, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16)
}
