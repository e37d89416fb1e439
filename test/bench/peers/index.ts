import { API_SERVER_TOOLS } from '../../../scripts/tools/ensure.ts'
import { clusterPath, peerPath } from '../../../scripts/tools/locate.ts'
import { startAuthorino } from './authorino.ts'
import { startHeimdall } from './heimdall.ts'
import { isAccounted } from './proc.ts'
import type { PeerOptions, PeerServer } from './server.ts'

/** Services that decide for Envoy, too, and that Vigil is measured against. */
export const PEERS = ['heimdall', 'authorino'] as const
export type Peer = (typeof PEERS)[number]

const START = { heimdall: startHeimdall, authorino: startAuthorino } as const

export const startPeer = (peer: Peer, options: PeerOptions): Promise<PeerServer> => START[peer](options)

/** What a peer lacks here, in words; undefined when it can be started. */
export function missing(peer: Peer): string | undefined {
  // Their CPU time is read where Linux tells it.
  if (!isAccounted) return `${peer} is measured on Linux only`
  const tools = peer === 'authorino' ? API_SERVER_TOOLS : []
  const absent = peerPath(peer) === undefined ? peer : tools.find((tool) => clusterPath(tool) === undefined)
  return absent && `no ${absent}: run \`npm run tools -- --peers\` for the row of ${peer}`
}
