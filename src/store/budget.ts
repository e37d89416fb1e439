import { StoreUnavailable } from './store.ts'

/**
 * Gives up after `budgetMs` with StoreUnavailable('timeout'); what comes later is ignored, a late rejection too.
 * One timer, however many replies `work` waits for.
 */
export function within<T>(work: Promise<T>, budgetMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const expire = () => reject(new StoreUnavailable('timeout'))
    // Timers run before sockets are read: after a pause of this process the reply may lie there already.
    const timer = setTimeout(() => setImmediate(expire), budgetMs)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
