import { Buffer } from 'node:buffer'
import { hkdfSync } from 'node:crypto'
import type { InstanceKeys } from '../ports.ts'

/** The content of the instance key file, decoded: 32 bytes each. */
export interface InstanceSecrets {
  /** Never rotated: changing it forgets all state. */
  readonly root: Buffer
  readonly current: Buffer
  /** The `current` before the last rotation; still verifies. */
  readonly previous?: Buffer
}

export const INSTANCE_SECRET_BYTES = 32

/**
 * Derives the working keys by HKDF-SHA-256 (RFC 5869) with one `info` per purpose, so that no key serves two.
 * @throws RangeError when a secret is not 32 bytes long; whoever reads the file says which line is wrong
 */
export function deriveInstanceKeys(secrets: InstanceSecrets): InstanceKeys {
  const { root, current, previous } = secrets
  const rotating = (info: string): readonly [Buffer, ...Buffer[]] =>
    previous === undefined
      ? [derive(current, info, 'current')]
      : [derive(current, info, 'current'), derive(previous, info, 'previous')]
  return {
    store: derive(root, 'vigil store v1', 'root'),
    pseudonym: derive(root, 'vigil pseudonym v1', 'root'),
    lastGood: derive(root, 'vigil last-good v1', 'root'),
    nonce: rotating('vigil dpop-nonce v1'),
    hop: rotating('vigil hop v1'),
  }
}

function derive(secret: Buffer, info: string, name: string): Buffer {
  if (secret.length !== INSTANCE_SECRET_BYTES) {
    throw new RangeError(`the instance secret "${name}" must be ${INSTANCE_SECRET_BYTES} bytes long`)
  }
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32))
}
