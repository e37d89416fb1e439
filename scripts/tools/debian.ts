import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { isCi } from '../root.ts'
import { defaultPlaces } from './catalog.ts'
import {
  browserPath,
  faketimePath,
  imageToolPath,
  promtoolPath,
  redisPath,
  shellcheckPath,
} from './locate.ts'
import { unpack } from './unpack.ts'

/** A program that the machine must have itself: Debian's package is taken where it is missing. */
export type DebianTool = {
  /** As `--only` takes it. */
  name: string
  package: string
  /** What is looked for, in words of a message. */
  wanted: string
  /** Its package sets up a service: only the programs are taken out of it, into `.tools/NAME`, on every machine. */
  isUnpacked?: boolean
  /** Where it is; undefined when it is not there or too old. */
  find: () => string | undefined
}

/** Where an installation takes place. */
export type Machine = {
  isCi: boolean
  isRoot: boolean
  env: NodeJS.ProcessEnv
  /** The file that says whether packages may start their services. */
  policy: string
  /** Folder for what is unpacked. */
  tools: string
}

/** The tools that come from Debian, in the order in which they are installed. */
export const DEBIAN_TOOLS: readonly DebianTool[] = [
  { name: 'redis', package: 'redis-server', wanted: 'redis-server >= 7', find: redisPath },
  { name: 'faketime', package: 'faketime', wanted: 'faketime', find: faketimePath },
  { name: 'chromium', package: 'chromium', wanted: 'Chromium', find: browserPath },
  { name: 'promtool', package: 'prometheus', wanted: 'promtool', isUnpacked: true, find: promtoolPath },
]

function imageTool(name: 'buildah' | 'runc'): DebianTool {
  return { name, package: name, wanted: name, find: () => imageToolPath(name) }
}

/** What makes and runs the image in `npm run test:cluster`, and what reads the shell of workflows. */
export const IMAGE_DEBIAN_TOOLS: readonly DebianTool[] = [
  imageTool('buildah'),
  imageTool('runc'),
  { name: 'shellcheck', package: 'shellcheck', wanted: 'shellcheck', isUnpacked: true, find: shellcheckPath },
]

/**
 * $1 is the package, $2 the policy file. Debian's packages start what they install unless a policy script says 101; tests
 * start their own on free ports.
 */
const INSTALL = `
set -e
export DEBIAN_FRONTEND=noninteractive
if [ ! -e "$2" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$2"
  chmod 755 "$2"
  trap 'rm -f "$2"' EXIT
fi
apt-get install -y --no-install-recommends "$1" ||
  { apt-get update && apt-get install -y --no-install-recommends "$1"; }
`

/** This machine, as it is. */
function thisMachine(): Machine {
  const isRoot = process.getuid?.() === 0
  return {
    isCi: isCi(),
    isRoot,
    env: process.env,
    policy: '/usr/sbin/policy-rc.d',
    tools: defaultPlaces().tools,
  }
}

/**
 * Makes a tool available: installs Debian's package in CI, as root or by a sudo that asks nothing; elsewhere says what to
 * run. What is only unpacked changes nothing outside of the clone, so it is brought everywhere.
 * @throws Error when it is not there afterwards
 */
export function ensureDebian(tool: DebianTool, machine: Machine = thisMachine()): 'ready' | 'fetched' {
  if (tool.find() !== undefined) return 'ready'
  if (tool.isUnpacked) return takeOut(tool, machine)
  if (!machine.isCi) {
    throw new Error(
      `no ${tool.wanted} on PATH; run: sudo apt-get install --no-install-recommends ${tool.package}`,
    )
  }
  const install = ['sh', '-c', INSTALL, 'sh', tool.package, machine.policy]
  const [command = '', ...args] = machine.isRoot ? install : ['sudo', '-n', ...install]
  const { status, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: machine.env,
    // What it says of a hundred packages is for nobody.
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 600_000,
  })
  if (status !== 0 || tool.find() === undefined) {
    const said = error?.message ?? stderr.trim().split('\n').slice(-3).join(' | ')
    throw new Error(`${command} did not bring ${tool.wanted}: ${said}`)
  }
  return 'fetched'
}

function takeOut(tool: DebianTool, { isCi, isRoot, env, tools }: Machine): 'fetched' {
  const into = join(tools, tool.name)
  unpack({ package: tool.package, into, isRoot, mayUpdate: isCi, env })
  if (tool.find() === undefined) throw new Error(`${tool.package} did not bring ${tool.wanted}`)
  return 'fetched'
}
