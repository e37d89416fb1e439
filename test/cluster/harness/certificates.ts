import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCa, makeLeaf, type Pair } from '../../../scripts/certs/make.ts'

/** Certificates of one CA, of which one is nobody's that may ask, and another CA. */
export interface Certificates {
  readonly ca: Pair
  readonly otherCa: Pair
  readonly server: Pair
  readonly caller: Pair
  readonly stranger: Pair
  remove(): void
}

/** @param host what the server is called; @param caller who may ask */
export function makeCertificates(host: string, caller: string): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-certs-'))
  const ca = makeCa(folder)
  const leaf = (stem: string, name: string, usage: 'serverAuth' | 'clientAuth') =>
    makeLeaf(folder, ca, { stem, names: [`DNS:${name}`], usage })
  return {
    ca,
    otherCa: makeCa(folder, 'other-ca'),
    server: leaf('server', host, 'serverAuth'),
    caller: leaf('caller', caller, 'clientAuth'),
    stranger: leaf('stranger', 'stranger.example.com', 'clientAuth'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A Secret with the pair, and the CA if one is given. */
export function secretOf(name: string, namespace: string, { cert, key }: Pair, ca?: Pair) {
  const files = { 'tls.crt': cert, 'tls.key': key, ...(ca && { 'ca.crt': ca.cert }) }
  const data = Object.entries(files).map(([at, file]) => [at, readFileSync(file).toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: Object.fromEntries(data),
  }
}

/** A ConfigMap with the certificate of a CA. */
export const caOf = (name: string, namespace: string, { cert }: Pair) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { 'ca.crt': readFileSync(cert, 'utf8') },
})
