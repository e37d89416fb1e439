import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of a PEM certificate and its key. */
export type Pair = { cert: string; key: string }

const DAYS = '30'
const DAY_SECONDS = 86_400

/** A CA with this file stem in `folder`; any CA already there is replaced. Needs the openssl command. */
export function makeCa(folder: string, stem = 'ca'): Pair {
  mkdirSync(folder, { recursive: true })
  const pair = pairOf(folder, stem)
  const subject = ['-subj', `/O=Vigil development/CN=${stem}`]
  openssl(['req', '-x509', ...newKey(pair), '-days', DAYS, ...subject, '-out', pair.cert])
  return pair
}

/** What a leaf certificate is for and whom it names. */
export type Leaf = {
  stem: string
  /** Subject alternative names in openssl's notation, e.g. `DNS:localhost` or `URI:spiffe://…`. */
  names: readonly string[]
  /** Both: a server that calls others. */
  usage: 'serverAuth' | 'clientAuth' | 'serverAuth,clientAuth'
}

/** A certificate signed by `ca`. */
export function makeLeaf(folder: string, ca: Pair, leaf: Leaf): Pair {
  const pair = pairOf(folder, leaf.stem)
  const request = join(folder, `${leaf.stem}.csr`)
  const extensions = join(folder, `${leaf.stem}.ext`)
  const lines = [
    `subjectAltName=${leaf.names.join(',')}`,
    `extendedKeyUsage=${leaf.usage}`,
    'keyUsage=critical,digitalSignature',
    'basicConstraints=critical,CA:FALSE',
  ]
  writeFileSync(extensions, lines.join('\n'))
  openssl(['req', ...newKey(pair), '-subj', `/CN=${leaf.stem}`, '-out', request])
  const signer = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial']
  openssl([
    'x509',
    '-req',
    '-in',
    request,
    ...signer,
    '-days',
    DAYS,
    '-extfile',
    extensions,
    '-out',
    pair.cert,
  ])
  rmSync(request)
  rmSync(extensions)
  return pair
}

/** What envoy/edge.yaml reads: ca, server and, for callers, a client certificate. False when they are still good. */
export function makeEdgeCerts(folder: string): boolean {
  const stems = ['ca', 'server', 'client']
  if (stems.every((stem) => isGood(pairOf(folder, stem)))) return false
  const ca = makeCa(folder)
  makeLeaf(folder, ca, { stem: 'server', names: ['DNS:localhost', 'IP:127.0.0.1'], usage: 'serverAuth' })
  makeLeaf(folder, ca, { stem: 'client', names: ['URI:spiffe://vigil.example/client'], usage: 'clientAuth' })
  return true
}

function pairOf(folder: string, stem: string): Pair {
  return { cert: join(folder, `${stem}.crt`), key: join(folder, `${stem}.key`) }
}

/** `-nodes` also where newer openssl calls it `-noenc`: LibreSSL (macOS) knows only the old word. */
function newKey(pair: Pair): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256', '-keyout', pair.key]
}

function isGood({ cert, key }: Pair): boolean {
  if (!existsSync(cert) || !existsSync(key)) return false
  try {
    openssl(['x509', '-in', cert, '-noout', '-checkend', String(DAY_SECONDS)])
    return true
  } catch {
    return false // expires within a day, or is not a certificate
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
