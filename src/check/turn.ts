/**
 * Collects what comes in one turn of the event loop and hands it over when the turn ends, all at once: the same code for
 * many, one after the other, finds itself in the processor's caches (docs/decisions/0011).
 */
export class Turn<T> {
  readonly #defer: (run: () => void) => void
  readonly #take: (items: readonly T[]) => void
  #items: T[] = []

  /**
   * @param defer runs something when the turn ends: `setImmediate` in the service
   * @param take must not throw
   */
  constructor(defer: (run: () => void) => void, take: (items: readonly T[]) => void) {
    this.#defer = defer
    this.#take = take
  }

  /** @throws what `defer` throws; then the item was not taken */
  add(item: T): void {
    if (this.#items.push(item) > 1) return
    try {
      this.#defer(() => this.#end())
    } catch (error) {
      this.#items = []
      throw error
    }
  }

  #end(): void {
    const items = this.#items
    this.#items = []
    this.#take(items)
  }
}
