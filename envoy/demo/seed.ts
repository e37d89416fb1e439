import type { Files } from './files.ts'
import type { Ports } from './ports.ts'

export interface SeedOptions {
  readonly issuer: string
  readonly files: Files
  readonly ports: Ports
  readonly store: 'memory' | 'redis'
}

/** Writes what would take weeks to learn. */
export async function seedHabits(_options: SeedOptions): Promise<void> {}
