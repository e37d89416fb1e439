/** The clock of one Vigil is wrong. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { faketimePath } from '../../../scripts/tools/locate.ts'
import { type Expected, type Fault, WHOLE } from '../promise.ts'
import type { World } from '../world/world.ts'

const HOUR = 3600
/** The library looks at the file with the offset so often. */
const LOOK_SECONDS = 1

/** Half of the requests come to the one with the wrong clock: to it tokens of now are of another time. */
const HALF: Expected = { may: ['passed', 'refused'] }
const HALF_BOUND: Expected = { may: ['passed', 'refused', 'nonce'] }

function off(seconds: number, isFullOnly?: string): Fault {
  const sign = seconds > 0 ? '+' : '-'
  const offset = (world: World) => join(world.folder, 'clock-offset')
  return {
    name: seconds > 0 ? 'clock-ahead' : 'clock-behind',
    title: `The clock of one Vigil is an hour ${seconds > 0 ? 'ahead' : 'behind'}`,
    ...(isFullOnly === undefined ? {} : { isFullOnly }),
    promise: {
      low: HALF,
      high: HALF,
      lowBound: HALF_BOUND,
      highBound: HALF_BOUND,
      bad: WHOLE.bad,
      says: 'the one with the wrong clock refuses what is not of its time; nothing passes that is not good now',
    },
    prepare: async (world) => {
      writeFileSync(offset(world), '+0\n')
      await world.vigils[0].stop()
      await world.vigils[0].start(world.fixed(), environment(offset(world)))
    },
    start: async (world) => {
      writeFileSync(offset(world), `${sign}${HOUR}\n`)
      await sleep(LOOK_SECONDS * 1000)
    },
    stop: (world) => writeFileSync(offset(world), '+0\n'),
    tidy: async (world) => {
      await world.vigils[0].stop()
      await world.vigils[0].start(world.fixed())
    },
  }
}

/** @throws when faketime is not there */
function environment(file: string): Record<string, string> {
  const faketime = faketimePath()
  if (faketime === undefined) throw new Error('no faketime: run `npm run tools`')
  // What it would set for a fixed offset; here the offset stands in a file and changes while the program runs.
  const told = spawnSync(faketime, ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' })
  return {
    LD_PRELOAD: told.stdout.trim(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: String(LOOK_SECONDS),
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
}

export const clockFaults: readonly Fault[] = [
  off(HOUR, 'clock-behind is the one that could let something pass'),
  off(-HOUR),
]
