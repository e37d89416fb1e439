import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { makeCa, makeLeaf } from '../../scripts/certs/make.ts'
import { type Ports, withPorts } from './ports.ts'

/** The folder in which one run of the demo keeps its copies, keys and records. */
export interface Files {
  readonly folder: string
  readonly config: string
  readonly static: string
  readonly records: string
  readonly seed: string
  /** Where somebody wants the page of `vigil report`. */
  readonly report: string | undefined
  /** Never rotated while the demo runs; keys of the store derive from it. */
  readonly root: Buffer
  /** PEM text of a file in `certs/`. */
  pem(name: string): string
  remove(): void
}

/** Makes the folder: certificates, an instance key, an empty seed, and copies of vigil.yaml and static.yaml. */
export function prepareFiles(ports: Ports, store: 'memory' | 'redis', report: string | undefined): Files {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-demo-'))
  const certs = join(folder, 'certs')
  makeCertificates(certs)
  const root = randomBytes(32)
  const files: Files = {
    folder,
    config: join(folder, 'vigil.yaml'),
    static: join(folder, 'static.yaml'),
    records: join(folder, 'records.jsonl'),
    seed: join(folder, 'seed.jsonl'),
    report,
    root,
    pem: (name) => readFileSync(join(certs, name), 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
  writeFileSync(files.records, '', { mode: 0o600 })
  writeFileSync(files.seed, '', { mode: 0o600 })
  writeKeys(join(folder, 'instance-key.json'), root)
  writeFileSync(files.config, configText(files, ports))
  writeFileSync(files.static, staticText(files, ports, store))
  return files
}

/** Two client certificates of one CA: the handshake accepts both, and only the token tells them apart. */
function makeCertificates(certs: string): void {
  const ca = makeCa(certs)
  makeLeaf(certs, ca, { stem: 'server', names: ['DNS:localhost', 'IP:127.0.0.1'], usage: 'serverAuth' })
  for (const stem of ['alice', 'mallory']) {
    makeLeaf(certs, ca, { stem, names: [`URI:spiffe://demo.example/${stem}`], usage: 'clientAuth' })
  }
}

function writeKeys(path: string, root: Buffer): void {
  const keys = { root: root.toString('base64url'), current: randomBytes(32).toString('base64url') }
  writeFileSync(path, JSON.stringify(keys), { mode: 0o600 })
}

function configText(files: Files, ports: Ports): string {
  const text = readFileSync(join(import.meta.dirname, 'vigil.yaml'), 'utf8')
  return withPorts(text, ports).replace('path: records.jsonl', `path: ${JSON.stringify(files.records)}`)
}

function staticText(files: Files, ports: Ports, store: 'memory' | 'redis'): string {
  const text = readFileSync(join(import.meta.dirname, 'static.yaml'), 'utf8')
  const document = parseDocument(withPorts(text, ports))
  document.set('instanceKeyFile', join(files.folder, 'instance-key.json'))
  document.setIn(['store', 'kind'], store)
  if (store === 'redis') document.setIn(['store', 'redis'], { port: ports.STORE_PORT })
  else document.setIn(['store', 'memory'], { seedFile: files.seed })
  return document.toString()
}
