import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EnvoyReport } from '../../test/bench/envoy/main.ts'
import type { CurveName, Series } from '../../test/bench/growth/curves.ts'
import type { Machine } from '../../test/bench/machine.ts'
import type { Report } from '../../test/bench/report.ts'
import { ROOT } from '../root.ts'

/** A curve alone, so that one can be measured anew without the others. */
export interface CurveFigures {
  readonly machine: Machine
  readonly isQuick: boolean
  readonly series: readonly Series[]
}

/** Figures that the docs rest on: `docs/figures/NAME.json`. */
export interface FiguresOf extends Readonly<Record<`growth-${CurveName}`, CurveFigures>> {
  readonly bench: Omit<Report, 'grpc'> & { readonly grpc?: Omit<NonNullable<Report['grpc']>, 'rounds'> }
  readonly envoy: Omit<EnvoyReport, 'envoy'> & { readonly envoy: Omit<EnvoyReport['envoy'], 'rounds'> }
}

export type FiguresName = keyof FiguresOf
export const FOLDER = 'docs/figures'

/** How each is measured anew. */
export const COMMANDS = {
  bench: 'npm run bench -- --json bench.json',
  envoy: 'npm run bench:envoy -- --json envoy.json',
  growth: 'npm run bench:growth -- --json growth.json',
} as const

/** Undefined when nothing was measured yet. */
export function figures<Name extends FiguresName>(name: Name): FiguresOf[Name] | undefined {
  const path = join(ROOT, FOLDER, `${name}.json`)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

/** When, with what and where: what stands under each table. */
export function provenance({ at, commit, cpus, system, versions, loadBefore }: Machine): string {
  const programs = ['node', 'envoy', 'valkey', 'heimdall', 'authorino'].flatMap((name) =>
    versions[name] === undefined ? [] : [`${capital(name)} ${versions[name]}`],
  )
  return `${at.slice(0, 10)}, commit ${commit}, ${cpus}, ${system}, ${programs.join(', ')}; load average before ${loadBefore}`
}

const capital = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`
