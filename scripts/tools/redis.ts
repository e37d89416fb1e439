import { spawnSync } from 'node:child_process'
import { isCi } from '../root.ts'
import { redisPath } from './locate.ts'

/** Debian's packages start what they install unless a policy script says 101; tests start their own on free ports. */
const INSTALL = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get install -y --no-install-recommends redis-server ||
  { apt-get update && apt-get install -y --no-install-recommends redis-server; }
`

/** Makes Debian's redis-server available: installs it only as root in CI, elsewhere says what to run. */
export function ensureRedis(): 'ready' | 'fetched' {
  if (redisPath() !== undefined) return 'ready'
  if (!isCi() || process.getuid?.() !== 0) {
    throw new Error(
      'no redis-server >= 7 on PATH; run: sudo apt-get install --no-install-recommends redis-server',
    )
  }
  const { status, stderr } = spawnSync('sh', ['-c', INSTALL], { encoding: 'utf8', timeout: 300_000 })
  if (status !== 0 || redisPath() === undefined) {
    throw new Error(
      `apt-get did not bring a redis-server >= 7: ${stderr.trim().split('\n').slice(-3).join(' | ')}`,
    )
  }
  return 'fetched'
}
