import type { NodeOptions } from './redis-node.ts'
import type { Store, StoreStanding } from './store.ts'

export type ServersOptions = Omit<NodeOptions, 'epochKey' | 'at' | 'onReady'>

/** What is behind a Redis store: one server, or those of a cluster. */
export interface Servers extends Pick<Store, 'read' | 'update' | 'close'> {
  /** How far the worst of them can be relied on. */
  readonly standing: StoreStanding
  /** Asks all of them how they are. Never rejects. */
  isReachable(): Promise<boolean>
}
