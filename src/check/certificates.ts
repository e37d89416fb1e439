import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Log } from '../ports.ts'

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly clientCaFile?: string | undefined
}

/** Certificate chain, key, and the CA of the clients where they must show a certificate. */
export type Material = Readonly<Required<Pick<SecureContextOptions, 'cert' | 'key'>>> & {
  readonly ca?: Buffer
}

export interface ReloadingCertificates {
  /** Clients must show a certificate of the client CA. */
  readonly isMutual: boolean
  readonly material: Material
  /** @param listener gets the new material after each good reload */
  onChange(listener: (material: Material) => void): void
  /** Reads the files again when one has changed; a pair that does not fit together leaves the old one in use. */
  refresh(): void
}

/**
 * TLS material that follows its files and keeps the last good pair: a rotation that is caught half-way must not close
 * the service.
 * @throws when the files are unreadable or do not fit together at start.
 */
export function reloadingCertificates(files: CertificateFiles, log: Log): ReloadingCertificates {
  let stamp = stampOf(files)
  let material = readMaterial(files)
  const listeners: ((material: Material) => void)[] = []
  const refresh = () => {
    try {
      const next = stampOf(files)
      if (next === stamp) return
      material = readMaterial(files)
      stamp = next
    } catch (error) {
      // The last good pair stays; the next refresh tries again.
      log.warn('certificate reload failed', { reason: reasonOf(error) })
      return
    }
    for (const listener of listeners) listener(material)
    log.info('certificates reloaded')
  }
  return {
    isMutual: files.clientCaFile !== undefined,
    get material() {
      return material
    },
    onChange: (listener) => void listeners.push(listener),
    refresh,
  }
}

function readMaterial(files: CertificateFiles): Material {
  const pair = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }
  // Throws when key and certificate do not belong together.
  createSecureContext(pair)
  if (files.clientCaFile === undefined) return pair
  const ca = readFileSync(files.clientCaFile)
  // A CA that is none would be taken in silence, and every Envoy be turned away.
  new X509Certificate(ca)
  return { ...pair, ca }
}

function stampOf(files: CertificateFiles): string {
  const paths = [files.certFile, files.keyFile, files.clientCaFile].filter((path) => path !== undefined)
  return paths.map((path) => `${statSync(path).mtimeMs}:${statSync(path).ino}`).join('|')
}

/** The error's code or message: OpenSSL and fs name files and causes, never key material. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
