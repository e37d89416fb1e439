import type { Readable } from 'node:stream'

/** What a command may touch of the outside; tests hand in their own. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

/** Exit codes, the same for every command (docs in `vigil --help`). */
export const EXIT = { ok: 0, refused: 1, usage: 2, internal: 70 } as const
