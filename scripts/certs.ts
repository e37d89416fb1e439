/** `npx node scripts/certs.ts`: development certificates for envoy/edge.yaml, in envoy/certs (git-ignored). */
import { join } from 'node:path'
import { makeEdgeCerts } from './certs/make.ts'
import { ROOT } from './root.ts'

const folder = join(ROOT, 'envoy', 'certs')
console.log(
  `${makeEdgeCerts(folder) ? 'made' : 'still good'}: ca, server and client certificates in ${folder}`,
)
