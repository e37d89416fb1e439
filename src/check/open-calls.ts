/** A call that may stand among those that are open. */
export interface Open {
  previous: Open | undefined
  next: Open | undefined
}

/**
 * The calls of a connection whose message is still coming. A list, because a Set that lives long makes what passes through
 * it live long, too: a table that V8 gives up points to all that stood in it and to the table that follows, and once one
 * of them is old, young garbage behind it is kept until the next collection of everything.
 */
export class OpenCalls<T extends Open> {
  #first: T | undefined

  add(call: T): void {
    call.next = this.#first
    if (this.#first !== undefined) this.#first.previous = call
    this.#first = call
  }

  /** No harm when it has been taken out already. */
  delete(call: T): void {
    if (call.previous === undefined && this.#first !== call) return
    if (call.previous === undefined) this.#first = call.next as T | undefined
    else call.previous.next = call.next
    if (call.next !== undefined) call.next.previous = call.previous
    call.previous = undefined
    call.next = undefined
  }

  /** @param act may take out the call it is given */
  each(act: (call: T) => void): void {
    let call = this.#first
    while (call !== undefined) {
      const next = call.next as T | undefined
      act(call)
      call = next
    }
  }
}
