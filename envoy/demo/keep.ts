import type { Adapter } from 'oidc-provider'

/** Everything the demo's authorization server remembers, in this process and for as long as it runs. */
const kept = new Map<string, Record<string, unknown>>()

/** An adapter for oidc-provider; its own in-memory one warns that it is for development, which a learner need not read. */
export class Keep implements Adapter {
  readonly #model: string

  constructor(model: string) {
    this.#model = model
  }

  async upsert(id: string, payload: Record<string, unknown>): Promise<void> {
    kept.set(this.#key(id), payload)
  }

  async find(id: string): Promise<Record<string, unknown> | undefined> {
    return kept.get(this.#key(id))
  }

  async findByUid(uid: string): Promise<Record<string, unknown> | undefined> {
    for (const [key, payload] of kept) {
      if (key.startsWith(`${this.#model}:`) && payload['uid'] === uid) return payload
    }
    return undefined
  }

  async findByUserCode(): Promise<undefined> {
    return undefined // the device flow is off
  }

  async consume(id: string): Promise<void> {
    const payload = kept.get(this.#key(id))
    if (payload !== undefined) payload['consumed'] = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    kept.delete(this.#key(id))
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, payload] of kept) if (payload['grantId'] === grantId) kept.delete(key)
  }

  #key(id: string): string {
    return `${this.#model}:${id}`
  }
}
