import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { experimental, type ServerCredentials } from '@grpc/grpc-js'
import type { Log } from '../ports.ts'

type Provider = experimental.CertificateProvider
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0]
type CaListener = Parameters<Provider['addCaCertificateListener']>[0]

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly clientCaFile?: string | undefined
}

interface Material {
  readonly certificate: Buffer
  readonly privateKey: Buffer
  readonly caCertificate: Buffer | undefined
}

export interface ReloadingCertificates {
  readonly credentials: ServerCredentials
  /** Reads the files again when one has changed; a pair that does not fit together leaves the old one in use. */
  refresh(): void
}

/**
 * TLS material that follows its files. Unlike grpc-js's own file watcher it keeps the last good pair: a rotation
 * that is caught half-way must not close the service.
 * @throws when the files are unreadable or do not fit together at start.
 */
export function reloadingCertificates(files: CertificateFiles, log: Log): ReloadingCertificates {
  let stamp = stampOf(files)
  let material = readMaterial(files)
  const identityListeners = new Set<IdentityListener>()
  const caListeners = new Set<CaListener>()
  const provider: Provider = {
    addIdentityCertificateListener: (listener) => {
      identityListeners.add(listener)
      process.nextTick(listener, material)
    },
    removeIdentityCertificateListener: (listener) => identityListeners.delete(listener),
    addCaCertificateListener: (listener) => {
      caListeners.add(listener)
      process.nextTick(listener, caOf(material))
    },
    removeCaCertificateListener: (listener) => caListeners.delete(listener),
  }
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
    for (const listener of identityListeners) listener(material)
    for (const listener of caListeners) listener(caOf(material))
    log.info('certificates reloaded')
  }
  const isMutual = files.clientCaFile !== undefined
  const credentials = experimental.createCertificateProviderServerCredentials(
    provider,
    isMutual ? provider : null,
    isMutual,
  )
  return { credentials, refresh }
}

const caOf = (material: Material) =>
  material.caCertificate === undefined ? null : { caCertificate: material.caCertificate }

function readMaterial(files: CertificateFiles): Material {
  const material = {
    certificate: readFileSync(files.certFile),
    privateKey: readFileSync(files.keyFile),
    caCertificate: files.clientCaFile === undefined ? undefined : readFileSync(files.clientCaFile),
  }
  // Throws when key and certificate do not belong together.
  createSecureContext({ cert: material.certificate, key: material.privateKey })
  // A CA that is none would be taken in silence, and every Envoy be turned away.
  if (material.caCertificate !== undefined) new X509Certificate(material.caCertificate)
  return material
}

function stampOf(files: CertificateFiles): string {
  const paths = [files.certFile, files.keyFile, files.clientCaFile].filter((path) => path !== undefined)
  return paths.map((path) => `${statSync(path).mtimeMs}:${statSync(path).ino}`).join('|')
}

/** The error's code or message: OpenSSL and fs name files and causes, never key material. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
