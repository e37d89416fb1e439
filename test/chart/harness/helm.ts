import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { ROOT } from '../../../scripts/root.ts'

export const CHART = join(ROOT, 'charts', 'vigil')

/** The Kubernetes that renders are made for, unless a test names another. */
const KUBERNETES = '1.36.0'

/** A Kubernetes object, as far as tests look into it. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Record<string, string>
    readonly annotations?: Record<string, string>
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests look into many kinds of objects, which only Kubernetes knows whole
  readonly [key: string]: any
}

export interface Said {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RenderOptions {
  readonly kubernetes?: string
  /** Another folder with the chart. */
  readonly chart?: string
  /** Further arguments of Helm. */
  readonly args?: readonly string[]
}

/** Runs Helm with a home of its own: no repository, plugin or cluster of this machine can play a part. */
export function runHelm(helm: string, args: readonly string[]): Said {
  const home = mkdtempSync(join(tmpdir(), 'vigil-helm-'))
  try {
    const { status, stdout, stderr, error } = spawnSync(helm, args, {
      encoding: 'utf8',
      timeout: 60_000,
      // It ends before its garbage matters, and spares a quarter of its time.
      env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: join(home, 'none'), GOGC: 'off' },
    })
    if (error) throw error
    return { status, stdout, stderr }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** `helm template` of the chart with these values. */
export function template(helm: string, values: unknown, options: RenderOptions = {}): Said {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-values-'))
  try {
    const file = join(folder, 'values.yaml')
    writeFileSync(file, stringify(values))
    const { kubernetes = KUBERNETES, chart = CHART, args = [] } = options
    return runHelm(helm, [
      ...['template', 'vigil', chart, '--namespace', 'vigil-system', '--kube-version', kubernetes],
      ...['--values', file, ...args],
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The objects that the chart makes of these values. @throws Error with what Helm said when it refuses them */
export function render(helm: string, values: unknown, options: RenderOptions = {}): KubeObject[] {
  const { status, stdout, stderr } = template(helm, values, options)
  if (status !== 0) throw new Error(stderr)
  return parseObjects(stdout)
}

/** What Helm says when it refuses these values. @throws Error when it does not */
export function refusal(helm: string, values: unknown, options: RenderOptions = {}): string {
  const { status, stderr } = template(helm, values, options)
  if (status === 0) throw new Error('the chart renders: nothing was refused')
  return stderr
}

export function parseObjects(text: string): KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0]
      return document.toJS() as KubeObject | null
    })
    .filter((object) => object !== null)
}

/** The one object of this kind and name. */
export function one(objects: readonly KubeObject[], kind: string, name = 'vigil'): KubeObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name)
  const [object] = found
  if (object === undefined || found.length > 1) throw new Error(`${found.length} objects ${kind}/${name}`)
  return object
}
