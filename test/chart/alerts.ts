import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/root.ts'

export const ALERTS_FILE = join(ROOT, 'charts/vigil/files/alerts.yaml')

export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** Every rule of the chart, recorded ones included. */
export function readRules(): readonly Rule[] {
  const { groups } = parse(readFileSync(ALERTS_FILE, 'utf8')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

export const alertNames = (): string[] =>
  readRules().flatMap(({ alert }) => (alert === undefined ? [] : [alert]))
