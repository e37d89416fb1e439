import { freePort, isFree } from '../../test/harness/ports.ts'

/** Who listens where on 127.0.0.1, as the files beside this one say. Names are those of bootstrap.yaml. */
export const DEFAULT_PORTS = {
  PLAIN_PORT: 10000,
  TLS_PORT: 10443,
  PROXIED_PORT: 10080,
  ADMIN_PORT: 9901,
  VIGIL_PORT: 9000,
  PROBES_PORT: 9090,
  ISSUER_PORT: 9400,
  APP_PORT: 8080,
  STORE_PORT: 6379,
} as const

export type Ports = Record<keyof typeof DEFAULT_PORTS, number>

/** The default ports, each replaced by a free one when it is taken, or all of them when `isAlwaysFree`. */
export async function choosePorts(isAlwaysFree: boolean): Promise<Ports> {
  const ports: Record<string, number> = {}
  for (const [name, port] of Object.entries(DEFAULT_PORTS)) {
    ports[name] = !isAlwaysFree && (await isFree(port)) ? port : await freePort()
  }
  return ports as Ports
}

/** The text of vigil.yaml or static.yaml with other ports, wherever it says `127.0.0.1:PORT` or `port: PORT`. */
export function withPorts(text: string, ports: Ports): string {
  const chosen = new Map(
    Object.entries(DEFAULT_PORTS).map(([name, port]) => [String(port), ports[name as keyof Ports]]),
  )
  return text.replace(/(127\.0\.0\.1:|\bport: )(\d+)\b/g, (all, before: string, port: string) => {
    const other = chosen.get(port)
    return other === undefined ? all : `${before}${other}`
  })
}
