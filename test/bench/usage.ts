/** What a server under test tells of itself when asked: CPU used so far and resident memory. */
export interface Usage {
  readonly cpuUs: number
  readonly rssBytes: number
}

export function reportUsage(): void {
  process.on('message', (message) => {
    if (message !== 'usage') return
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuUs: user + system, rssBytes: process.memoryUsage.rss() } satisfies Usage)
  })
  process.on('disconnect', () => process.exit(0))
}
