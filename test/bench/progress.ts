/** Tells what is being done, for how many planned seconds. */
export type Say = (line: string, seconds: number) => void

/**
 * Progress with the time that is left: the planned seconds that remain, stretched by how much longer than planned it
 * took so far.
 */
export function createProgress(
  plannedSeconds: number,
  write: (line: string) => void,
  nowMs: () => number,
): Say {
  const startMs = nowMs()
  let begun = 0
  let last = 0
  return (line, seconds) => {
    begun += last
    last = seconds
    const elapsed = (nowMs() - startMs) / 1000
    const stretch = begun < plannedSeconds / 20 ? 1 : elapsed / begun
    const left = Math.max(0, plannedSeconds - begun) * stretch
    write(`[${clock(elapsed)}, about ${clock(left)} left] ${line}`)
  }
}

const clock = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
