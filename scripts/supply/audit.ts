import { spawnSync } from 'node:child_process'
import { ROOT } from '../root.ts'

/** What the registry knows of vulnerabilities. `not-asked`: it gave no answer, which says nothing. */
export type Audit =
  | { readonly state: 'clean'; readonly packages: number }
  | { readonly state: 'found'; readonly names: readonly string[] }
  | { readonly state: 'not-asked'; readonly why: string }

interface Said {
  readonly vulnerabilities?: Readonly<Record<string, { readonly name: string; readonly severity: string }>>
  readonly metadata?: { readonly dependencies?: { readonly total?: number } }
  readonly error?: { readonly summary?: string; readonly code?: string }
  readonly message?: string
}

/** Asks the registry, by npm, about every locked package. */
export function audit(): Audit {
  const { stdout, stderr, error } = spawnSync('npm', ['audit', '--json', '--package-lock-only'], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (error !== undefined) return { state: 'not-asked', why: error.message }
  return readAudit(stdout, stderr)
}

/** Reads what `npm audit --json` said on stdout and stderr. */
export function readAudit(stdout: string, stderr = ''): Audit {
  let said: Said
  try {
    said = JSON.parse(stdout) as Said
  } catch {
    return { state: 'not-asked', why: lastLine(stderr) }
  }
  const { vulnerabilities, metadata } = said
  if (vulnerabilities === undefined) {
    return {
      state: 'not-asked',
      why: said.message ?? said.error?.summary ?? said.error?.code ?? lastLine(stderr),
    }
  }
  const names = Object.values(vulnerabilities).map(({ name, severity }) => `${name} (${severity})`)
  return names.length === 0
    ? { state: 'clean', packages: metadata?.dependencies?.total ?? 0 }
    : { state: 'found', names }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) || 'npm said nothing'
