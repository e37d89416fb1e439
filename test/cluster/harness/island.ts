/**
 * A network of its own for programs that listen on every address and on fixed ports: here they see nothing but themselves
 * and what a bridge leads to, and they end together. Linux namespaces of an ordinary user; no root, no trace.
 */
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { join } from 'node:path'
import { NAMESPACES } from '../../harness/namespaces.ts'
import { freePort } from '../../harness/ports.ts'
import { type Running, start } from '../../harness/process.ts'
import { forward, serveDials } from './bridge.ts'

/** What the first process inside is told. */
export interface IslandPlan {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What is reached outside: these addresses and ports, at the same ones or, for 10.0.0.0/8, in 127.0.0.0/8. */
  readonly listeners: readonly { readonly host: string; readonly port: number }[]
  readonly sockets: { readonly out: string; readonly into: string; readonly end: string }
}

export interface IslandOptions extends Pick<IslandPlan, 'command' | 'env' | 'listeners'> {
  /** Where its own files may lie; they go with it. */
  readonly folder: string
  /** Links in the root folder that only it sees, by name. */
  readonly links: Readonly<Record<string, string>>
}

export interface Island {
  readonly running: Running
  /** A port of 127.0.0.1 that leads to one inside; there it seems to come from `localAddress`, one of 10.0.0.0/8. */
  open(port: number, localAddress?: string): Promise<number>
  stop(): Promise<void>
}

/** All of 10.0.0.0/8 is its own, and its root folder is this machine's with the links. $1: folder, $2: links. */
const SET_UP = `
set -e
ip link set lo up
ip route add local 10.0.0.0/8 dev lo
mount -t tmpfs none "$1"
for each in /*; do
  if [ -L "$each" ]; then cp -P "$each" "$1$each"
  elif [ -d "$each" ]; then mkdir "$1$each"; mount --rbind "$each" "$1$each"
  fi
done
for link in $2; do ln -sfn "\${link#*=}" "$1/\${link%%=*}"; done
shift 2
exec chroot "$ISLAND_ROOT" "$@"
`

export async function startIsland(options: IslandOptions): Promise<Island> {
  const { folder, links, ...told } = options
  const at = (name: string) => join(folder, name)
  const sockets = { out: at('out.sock'), into: at('into.sock'), end: at('end.sock') }
  const plan: IslandPlan = { ...told, sockets }
  mkdirSync(at('root'), { recursive: true })
  writeFileSync(at('plan.json'), JSON.stringify(plan))
  const servers: Server[] = [await serveDials(sockets.out, reachOutside)]
  const inside = [process.execPath, join(import.meta.dirname, 'island-inside.ts'), at('plan.json')]
  const linked = Object.entries(links).map(([name, path]) => `${name}=${path}`)
  const [unshare, ...flags] = NAMESPACES
  const shell = ['sh', '-c', SET_UP, 'sh', at('root'), linked.join(' ')]
  const running = start(unshare, [...flags, ...shell, ...inside], {
    env: { ISLAND_ROOT: at('root'), NODE_OPTIONS: '' },
  })
  const stop = async () => {
    await end(running, sockets.end)
    for (const server of servers) server.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    running,
    open: async (port, localAddress) => {
      const outside = { host: '127.0.0.1', port: await freePort() }
      const target = { host: '127.0.0.1', port, ...(localAddress && { localAddress, host: localAddress }) }
      servers.push(await forward(outside, sockets.into, () => target))
      return outside.port
    },
    stop,
  }
}

/** Pods live at 127.a.b.c and say 10.a.b.c (kubelet.ts). */
const reachOutside = ({ host, port }: { host: string; port: number }) => ({
  host: host.replace(/^10\./, '127.'),
  port,
})

/** Asks the first process to end, with which all do; then this one has ended too. */
async function end(running: Running, socket: string): Promise<void> {
  if (!running.hasEnded()) {
    const asked = connect(socket)
    await Promise.race([once(asked, 'close').catch(() => undefined), running.ended])
    asked.destroy()
  }
  await running.stop(5000)
}
