import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 20

/** What a probe gives once it is satisfied. */
export type Found<T> = Exclude<T, undefined | null | false>

/** Asks again and again until the probe gives something truthy; throws with `what` after the deadline. */
export async function waitUntil<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T> | T,
): Promise<Found<T>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const result = await probe()
    if (result) return result as Found<T>
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await sleep(POLL_MS)
  }
}

/** Waits until something listens on 127.0.0.1:port. */
export async function waitForPort(port: number, timeoutMs = 10_000): Promise<void> {
  await waitUntil(`port ${port}`, timeoutMs, () => accepts(port))
}

/** Waits until a GET of the URL answers 200, optionally with a body that fits. */
export async function waitForHttp(
  url: string,
  timeoutMs = 10_000,
  fits: (body: string) => boolean = () => true,
) {
  await waitUntil(url, timeoutMs, async () => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(1000) })
      return fits(await response.text()) && response.ok
    } catch {
      return false // not up yet
    }
  })
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
