/** Where records go. `write` never throws and never waits. */
export interface Sink {
  readonly name: string
  /** @returns false when nothing more should be written before `onReady` is called. */
  write(lines: string): boolean
  onReady(listener: () => void): void
  /** Called once when the sink breaks; everything written after is lost. */
  onBroken(listener: (reason: string) => void): void
  close(): Promise<void>
}
