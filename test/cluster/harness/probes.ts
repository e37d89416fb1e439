import { connect } from 'node:net'

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: number | string }
  readonly tcpSocket?: { readonly port: number | string }
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly failureThreshold?: number
}

export interface Probed {
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
}

/** What the probes of one start of a container have told so far. */
export interface Health {
  readonly isStarted: boolean
  readonly isReady: boolean
  /** A startup or liveness probe has failed as often as it may: the container is to be started again. */
  readonly isLost: boolean
}

type Word = 'startupProbe' | 'readinessProbe' | 'livenessProbe'

/** Asks a container's probes when they are due; call `tick` more often than the shortest period. */
export function watchHealth(container: Probed, address: string): { tick(nowMs: number): Promise<Health> } {
  const failures: Record<Word, number> = { startupProbe: 0, readinessProbe: 0, livenessProbe: 0 }
  const due: Record<Word, number> = { startupProbe: 0, readinessProbe: 0, livenessProbe: 0 }
  let health: Health = {
    isStarted: container.startupProbe === undefined,
    isReady: false,
    isLost: false,
  }
  const isDue = (word: Word, nowMs: number) => container[word] !== undefined && nowMs >= due[word]
  /** Undefined when it is not due; else whether it was good, and whether it has failed too often. */
  const askOne = async (word: Word, nowMs: number) => {
    const probe = container[word]
    if (probe === undefined || !isDue(word, nowMs)) return undefined
    due[word] = nowMs + (probe.periodSeconds ?? 10) * 1000
    const isGood = await answers(probe, container, address)
    failures[word] = isGood ? 0 : failures[word] + 1
    return { isGood, isOver: failures[word] >= (probe.failureThreshold ?? 3) }
  }
  const tick = async (nowMs: number): Promise<Health> => {
    if (!health.isStarted) {
      const startup = await askOne('startupProbe', nowMs)
      if (startup?.isGood) health = { ...health, isStarted: true }
      else if (startup?.isOver) health = { ...health, isLost: true }
      return health
    }
    const readiness = await askOne('readinessProbe', nowMs)
    if (readiness?.isGood) health = { ...health, isReady: true }
    else if (readiness?.isOver) health = { ...health, isReady: false }
    const liveness = await askOne('livenessProbe', nowMs)
    if (liveness?.isOver) health = { ...health, isLost: true, isReady: false }
    return health
  }
  return { tick }
}

async function answers(probe: Probe, container: Probed, address: string): Promise<boolean> {
  const { httpGet, tcpSocket, timeoutSeconds = 1 } = probe
  const wanted = httpGet?.port ?? tcpSocket?.port
  const port =
    typeof wanted === 'number' ? wanted : container.ports?.find(({ name }) => name === wanted)?.containerPort
  if (port === undefined) throw new Error(`no such probe here: ${JSON.stringify(probe)}`)
  if (tcpSocket !== undefined) return accepts(address, port, timeoutSeconds)
  try {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000)
    const { status } = await fetch(`http://${address}:${port}${httpGet?.path}`, { signal })
    return status >= 200 && status < 400
  } catch {
    return false // nobody there, or too slow: both are a failed probe
  }
}

function accepts(host: string, port: number, timeoutSeconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutSeconds * 1000 })
    const settle = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.on('connect', () => settle(true)).on('error', () => settle(false))
    socket.on('timeout', () => settle(false))
  })
}
