import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { StartError } from '../errors.ts'
import { unreadable } from '../lib/error-name.ts'
import type { Entropy } from '../ports.ts'

/** Secrets of 32 bytes each; everything that is signed or keyed derives from them. */
export interface InstanceSecrets {
  readonly root: Buffer
  readonly current: Buffer
  readonly previous?: Buffer
}

const BYTES = 32
const secret = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}=?$/)
  .transform((text) => Buffer.from(text, 'base64url'))
  .refine((bytes) => bytes.length === BYTES)
const schema = z.strictObject({ root: secret, current: secret, previous: secret.optional() })

/**
 * Reads `instanceKeyFile` (YAML or JSON: `root`, `current`, `previous`, base64url of 32 bytes each).
 * @throws StartError that names what is wrong and never what stands there
 */
export async function readInstanceKey(file: string): Promise<InstanceSecrets> {
  const parsed = schema.safeParse(await parseSecretFile(file))
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the file'))].join(
      ', ',
    )
    throw new StartError(
      `instanceKeyFile ${file}: write root, current and (optional) previous, each base64url of 32 bytes; wrong: ${names}`,
    )
  }
  const { root, current, previous } = parsed.data
  return previous === undefined ? { root, current } : { root, current, previous }
}

async function parseSecretFile(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new StartError(`instanceKeyFile ${file}: ${unreadable(error)}`)
  })
  try {
    // At its own level the parser prints warnings that quote the text.
    return parse(text, { logLevel: 'error' })
  } catch {
    // The parser's message quotes the text, which is secret.
    throw new StartError(`instanceKeyFile ${file}: it is not YAML`)
  }
}

/** For one process without Redis: state and nonces end with it. */
export function randomInstanceKey(entropy: Entropy): InstanceSecrets {
  return { root: entropy(BYTES), current: entropy(BYTES) }
}
