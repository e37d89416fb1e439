/** `npm run tools`: brings the outside programs that integration and end-to-end tests need. */
import { parseArgs } from 'node:util'
import { isCi } from './root.ts'
import { DEBIAN_TOOLS, IMAGE_DEBIAN_TOOLS } from './tools/debian.ts'
import { CLUSTER_TOOL_NAMES, ensureTools, PEER_TOOL_NAMES, TOOL_NAMES } from './tools/ensure.ts'

const HELP = `Usage: npm run tools [-- --only NAME,NAME | --cluster | --peers]

Fetches pinned tools into .tools/ (links into \${XDG_CACHE_HOME:-~/.cache}/vigil), with python3's pip, npm and go,
without root:
  ${TOOL_NAMES.join(', ')}
redis is Debian's redis-server (the engine with TLS), chromium its browser: taken from the PATH; installed only with
CI=true, as root or by sudo. promtool is taken out of Debian's package prometheus, which is not installed.
What is already there is not fetched again. Exit code 1 when a tool could not be had
(those of Debian count only when named or with CI=true).

  --only NAMES  a comma-separated part of the list
  --cluster     the list and what npm run test:cluster takes, most of it built from source with go, which takes minutes
                the first time; buildah, runc and shellcheck are Debian's, and had as those above:
                ${CLUSTER_TOOL_NAMES.join(', ')}
  --peers       the list and what npm run bench measures Vigil against, built from source as those above; authorino reads its
                configuration from an API server:
                ${PEER_TOOL_NAMES.join(', ')}
  --help        this text`

function main(): number {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      cluster: { type: 'boolean' },
      peers: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const all = [
    ...TOOL_NAMES,
    ...(values.cluster ? CLUSTER_TOOL_NAMES : []),
    ...(values.peers ? PEER_TOOL_NAMES : []),
  ]
  const names = values.only?.split(',').map((name) => name.trim()) ?? [...new Set(all)]
  const missing = ensureTools(names, console.log)
  const isOptional = (name: string) =>
    [...DEBIAN_TOOLS, ...IMAGE_DEBIAN_TOOLS].some((tool) => tool.name === name)
  const isEachNeeded = values.only !== undefined || isCi()
  return missing.some((name) => isEachNeeded || !isOptional(name)) ? 1 : 0
}

process.exitCode = main()
