/** What a server under test tells of itself when asked. */
export interface Usage {
  readonly cpuUs: number
  readonly rssBytes: number
  readonly peakRssBytes: number
  /** V8's heap and the buffers outside of it; after `collect` without garbage (`--expose-gc`). */
  readonly heldBytes: number
}

export type Question = 'usage' | 'collect'

export function reportUsage(): void {
  process.on('message', (question: Question) => {
    if (question === 'collect') for (let i = 0; i < 3; i++) globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, external } = process.memoryUsage()
    const peakRssBytes = process.resourceUsage().maxRSS * 1024
    process.send?.({
      value: {
        cpuUs: user + system,
        rssBytes: rss,
        peakRssBytes,
        heldBytes: heapUsed + external,
      } satisfies Usage,
    })
  })
  process.on('disconnect', () => process.exit(0))
}
