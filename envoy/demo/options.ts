import { parseArgs } from 'node:util'

export const HELP = `The story of Vigil, played through a real Envoy: each request, the answer, and why.

Usage: npm run demo -- [options]

  --once           end after the scenes: exit code 0 when all went as expected, 1 when one did not
  --store KIND     memory (default) or redis, which starts a Valkey
  --scene TEXT     play only the scenes of the acts with this in a name, and those that they need
  --list           the names of all acts and scenes
  --json FILE      write {"scenes": [{name, request, expected, got, why, ok, lines?}]}
  --report FILE    write the page of \`vigil report\` there; else into a new folder for temporary files
  --help           this text

Examples:
  npm run demo                                  play, then stay up to be tried with curl
  npm run demo -- --once --json scenes.json     play and end, for a pipeline
  npm run demo -- --store redis                 the same on Valkey
  npm run demo -- --once --scene agent          what an agent may do for its user

Everything runs on 127.0.0.1: Envoy 10000 (TLS 10443, behind a load balancer 10080, admin 9901), Vigil 9000 (metrics 9090), the authorization server
9400, the application 8080. A port that is taken is replaced by a free one; --once always takes free ones.`

export interface Options {
  readonly isOnce: boolean
  readonly store: 'memory' | 'redis'
  readonly json: string | undefined
  readonly report: string | undefined
  readonly scene: string | undefined
}

/** The command line; `help` or `list` when only that text is wanted. @throws Error with what is wrong with it */
export function readOptions(args: readonly string[]): Options | 'help' | 'list' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      store: { type: 'string', default: 'memory' },
      json: { type: 'string' },
      report: { type: 'string' },
      scene: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  if (values.list) return 'list'
  const { store, once: isOnce, json, report, scene } = values
  if (store !== 'memory' && store !== 'redis') throw new Error('--store must be memory or redis')
  return { isOnce, store, json, report, scene }
}
