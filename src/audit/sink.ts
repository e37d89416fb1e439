/** Where records go. `write` never throws and never waits. */
export interface Sink {
  readonly name: string
  /**
   * @param lines whole lines in UTF-8; the bytes must not change before `onSettled`
   * @param onSettled called once when the lines are written, or when it is known that they are lost.
   * @returns false when nothing more should be written before `onReady` is called.
   */
  write(lines: Uint8Array, onSettled: (isWritten: boolean) => void): boolean
  onReady(listener: () => void): void
  /** Called once when the sink breaks; everything written after is lost. */
  onBroken(listener: (reason: string) => void): void
  /** Resolves when everything written before has settled. */
  close(): Promise<void>
}
