/** What a server under test tells of itself when asked. */
export interface Usage {
  readonly cpuUs: number
  readonly rssBytes: number
  readonly peakRssBytes: number
  /** After collecting garbage where the process lets it (`--expose-gc`). */
  readonly heapBytes: number
}

export type Question = 'usage' | 'collect'

export function reportUsage(): void {
  process.on('message', (question: Question) => {
    if (question === 'collect') for (let i = 0; i < 3; i++) globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    const peakRssBytes = process.resourceUsage().maxRSS * 1024
    process.send?.({
      value: { cpuUs: user + system, rssBytes: rss, peakRssBytes, heapBytes: heapUsed } satisfies Usage,
    })
  })
  process.on('disconnect', () => process.exit(0))
}
