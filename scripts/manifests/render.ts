import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Document, isMap, isScalar, parse, parseAllDocuments, visit, type YAMLMap } from 'yaml'
import { ROOT } from '../root.ts'

const CHART = join(ROOT, 'charts', 'vigil')
/** Of the Kubernetes that manifests are made for only the minor version matters. */
const KUBERNETES = '1.36.0'
/** Where k8s/README.md says that all of it goes. */
export const NAMESPACE = 'vigil'

/** An object with its comments. */
export type Manifest = Document.Parsed<YAMLMap.Parsed> & { readonly contents: YAMLMap.Parsed }

/** The objects that the chart makes of these files of values. */
export function manifests(helm: string, valueFiles: readonly string[]): Manifest[] {
  const text = run(helm, ['template', '--kube-version', KUBERNETES], valueFiles)
  // As Kubernetes reads YAML: in 1.2 the mode 0440 would be another number.
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0]
    return isMap(document.contents) ? [withoutHelm(document as Manifest)] : []
  })
}

export const textOf = (manifest: Manifest): string => manifest.toString(FORM)

const FORM = { lineWidth: 0, flowCollectionPadding: false } as const

/** What was made here, as Kubernetes reads it. */
export function textOfNew(value: object): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false })
  visit(document, {
    Pair: (_, { key, value: mode }) => {
      if (isScalar(key) && key.value === 'defaultMode' && isScalar(mode)) mode.format = 'OCT'
    },
  })
  if (document.directives) document.directives.docStart = null
  return document.toString(FORM)
}

/** The block of the notes that istiod needs; undefined where the values attach no Istio. */
export function meshConfig(helm: string, valueFiles: readonly string[]): object | undefined {
  const lines = run(helm, ['install', '--dry-run=client'], valueFiles).split('\n')
  const from = lines.findIndex((line) => /^ *meshConfig:$/.test(line))
  if (from < 0) return undefined
  const indent = (lines[from] ?? '').search(/\S/)
  const length = lines.slice(from + 1).findIndex((line) => line.search(/\S/) <= indent)
  return parse(lines.slice(from, from + 1 + length).join('\n')) as object
}

/** Runs Helm 4 without a cluster and with a home of its own. @throws Error with what it said when it refuses */
function run(helm: string, verb: readonly string[], valueFiles: readonly string[]): string {
  const home = mkdtempSync(join(tmpdir(), 'vigil-manifests-'))
  try {
    const values = valueFiles.flatMap((file) => ['--values', join(ROOT, file)])
    const args = [...verb, 'vigil', CHART, '--namespace', NAMESPACE, ...values]
    const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'none') }
    const { status, stdout, stderr, error } = spawnSync(helm, args, {
      encoding: 'utf8',
      timeout: 60_000,
      env,
    })
    if (error) throw error
    if (status !== 0) throw new Error(stderr)
    return stdout
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** Without the labels by which Helm knows its own, its notes about templates, and a checksum that nobody would renew. */
function withoutHelm(manifest: Manifest): Manifest {
  for (const label of ['helm.sh/chart', 'app.kubernetes.io/managed-by'])
    manifest.deleteIn(['metadata', 'labels', label])
  const path = ['spec', 'template', 'metadata', 'annotations']
  const annotations = manifest.hasIn(path) ? manifest.getIn(path) : undefined
  if (isMap(annotations) && annotations.delete('checksum/static')) {
    annotations.commentBefore = null
    if (annotations.items.length === 0) manifest.deleteIn(path)
  }
  const comments = [manifest.commentBefore, manifest.contents.commentBefore].flatMap(
    (comment) => comment?.split('\n') ?? [],
  )
  const kept = comments.filter((line) => line !== '' && !line.startsWith(' Source: ')).join('\n')
  manifest.commentBefore = null
  manifest.contents.commentBefore = kept === '' ? null : kept
  manifest.directives.docStart = null
  return manifest
}
