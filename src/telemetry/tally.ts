import type { Attributes, ObservableResult } from '@opentelemetry/api'
import type { Labels } from '../ports.ts'

interface Cell {
  readonly attributes: Attributes
  value: number
}

const NONE: Labels = {}

/**
 * One counter, by its labels. Told to OpenTelemetry when somebody reads it: its own counters sort and serialise the
 * labels of every addition, which cost more than deciding.
 */
export class Tally {
  readonly #labels: readonly string[]
  readonly #cells = new Map<string, Cell>()

  /** @param labels the names that its metric declares: all that tells its cells apart */
  constructor(labels: readonly string[]) {
    this.#labels = labels
  }

  add(value: number, labels: Labels = NONE): void {
    let key = ''
    for (const label of this.#labels) key += `${labels[label] ?? ''}\0`
    const cell = this.#cells.get(key)
    if (cell === undefined) this.#cells.set(key, { attributes: { ...labels }, value })
    else cell.value += value
  }

  tell(result: Pick<ObservableResult, 'observe'>): void {
    for (const { value, attributes } of this.#cells.values()) result.observe(value, attributes)
  }
}
