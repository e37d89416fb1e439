import type { Undecoded } from './undecoded.ts'

/**
 * Header fields of one request. A request has some thirty and about ten are looked up, so a list that is searched is
 * made and read faster than a map that is filled first; names are the same string objects each time, which makes
 * comparing them a comparison of pointers. A value is decoded when it is looked up.
 */
export class FieldLines {
  readonly #names: string[] = []
  readonly #values: (string | Undecoded)[] = []

  /** @param name in lower case */
  add(name: string, value: string | Undecoded): void {
    this.#names.push(name)
    this.#values.push(value)
  }

  /** All values of this name in their order; undefined when there is none. */
  get(name: string): readonly string[] | undefined {
    let found: string[] | undefined
    const names = this.#names
    for (let i = 0; i < names.length; i++) {
      if (names[i] !== name) continue
      const value = this.#text(i)
      if (found === undefined) found = [value]
      else found.push(value)
    }
    return found
  }

  has(name: string): boolean {
    return this.#names.includes(name)
  }

  /** Each name once, with all its values. */
  *[Symbol.iterator](): Generator<[name: string, values: readonly string[]], undefined> {
    for (const name of new Set(this.#names)) yield [name, this.get(name) ?? []]
  }

  /** Decoded once, however often it is looked up. */
  #text(at: number): string {
    const value = this.#values[at] ?? ''
    if (typeof value === 'string') return value
    const text = value.toString()
    this.#values[at] = text
    return text
  }
}
