/** What people do to the configuration, and a disk that takes no more records. */
import { type Fault, UNAVAILABLE, WHOLE } from '../promise.ts'
import { auditOf } from '../world/settings.ts'
import { smallDisk } from '../world/small-disk.ts'
import { waitForMetric } from '../world/vigils.ts'
import type { World } from '../world/world.ts'

const LAST = 'vigil_config_last_reload_successful'

const broken: Fault = {
  name: 'configuration-broken',
  isFullOnly: 'every second edit of reloads is broken',
  title: 'The configuration is edited, and the edit is broken',
  promise: { ...WHOLE, says: 'the last good one decides on, and a metric tells' },
  start: async ({ vigils }) => {
    for (const vigil of vigils) vigil.configure('identity: {issuers: [{issuer')
    await waitForMetric(vigils, LAST, (value) => value === 0)
  },
  stop: async (world) => {
    world.configure()
    await waitForMetric(world.vigils, LAST, (value) => value === 1)
  },
}

const EDIT_MS = 10

/** Each edit differs from the one before, and every second one is broken. */
function edits(world: World): () => void {
  let count = 0
  const edit = () => {
    count++
    if (count % 2 === 0) for (const vigil of world.vigils) vigil.configure(`broken: ${count}`)
    else world.configure(() => ({ enforcement: { retryAfterSeconds: 1 + (count % 50) } }))
  }
  const timer = setInterval(edit, EDIT_MS)
  return () => clearInterval(timer)
}

function reloads(): Fault {
  let stop: () => void = () => undefined
  return {
    name: 'reloads',
    title: 'The configuration is edited 100 times a second, every second edit broken',
    promise: { ...WHOLE, says: 'each check is decided by one good generation' },
    start: (world) => {
      stop = edits(world)
    },
    stop: async (world) => {
      stop()
      world.configure()
      await waitForMetric(world.vigils, LAST, (value) => value === 1)
    },
  }
}

/** The records of one Vigil or of both go to a disk that is nearly full already. */
function diskFull(isRequired: boolean): Fault {
  let disk: ReturnType<typeof smallDisk> | undefined
  const required = { required: isRequired }
  return {
    name: isRequired ? 'disk-full-required' : 'disk-full',
    ...(isRequired ? {} : { isFullOnly: 'disk-full-required fills the same disk' }),
    title: `The disk for records is full, \`audit.required: ${isRequired}\``,
    promise: isRequired
      ? { ...UNAVAILABLE, says: '503' }
      : { ...WHOLE, says: 'the answer stands, and what is lost is counted' },
    start: (world) => {
      disk = smallDisk(world.folder)
      const { path } = disk
      world.configure(({ port }) => ({ audit: auditOf(path(String(port)), required) }))
    },
    inspect: async ({ vigils }, tell) => {
      const dropped = await Promise.all(vigils.map((vigil) => vigil.metric('vigil_audit_dropped_total')))
      if (!dropped.every((count) => count > 0)) tell.flaw('lost records are not counted')
    },
    stop: (world) => {
      disk?.makeRoom()
      if (disk?.kind === '/dev/full') world.configure()
    },
    tidy: async (world) => {
      world.configure()
      await waitForMetric(world.vigils, LAST, (value) => value === 1)
      disk?.remove()
    },
  }
}

export const configurationFaults: readonly Fault[] = [broken, reloads(), diskFull(true), diskFull(false)]
