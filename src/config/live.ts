import { watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorName } from '../lib/error-name.ts'
import type { Log, Meter } from '../ports.ts'
import { summarise } from './format.ts'
import { RULES_FOLDER } from './generation.ts'
import type { LocatedProblem } from './located.ts'
import type { Read } from './read.ts'

export interface LiveOptions<T> {
  readonly file: string
  /** Reads and compiles the file as it stands now. */
  readonly read: () => Promise<Read<T>>
  readonly hashOf: (value: T) => string
  /** What the log tells of a generation besides. */
  readonly summaryOf?: (value: T) => Readonly<Record<string, unknown>>
  /** Puts a good generation in use. */
  readonly use: (value: T) => Promise<void>
  readonly meter: Meter
  readonly log: Log
  readonly schedule: (ms: number, run: () => void) => () => void
  /** Opens a watch on a folder; tests bring their own. */
  readonly watchFolder?: WatchFolder
}

/**
 * `onEvent` is told which name in the folder it was, where the system says so.
 * @throws when the folder cannot be watched
 */
export type WatchFolder = (folder: string, onEvent: OnEvent, onLost: () => void) => Watcher

type OnEvent = (name?: string | null) => void

interface Watcher {
  close(): void
}

const watchFolder: WatchFolder = (folder, onEvent, onLost) =>
  watch(folder, (_type, name) => onEvent(name)).on('error', onLost)

type Reloaded = 'changed' | 'unchanged' | 'refused'

export interface Live {
  /** Reads again now. Overlapping calls are one after the other, so that the newest content wins. */
  reload(): Promise<Reloaded>
  close(): void
}

/** A swap of a ConfigMap's `..data` link is several events; one reload after they have settled is enough. */
const SETTLE_MS = 50
/** Steady events (a file that is written in the same folder) hold a reload back for at most so many settling times. */
const MAX_POSTPONED = 20
/** Watching can miss events on some file systems: a slow look of its own makes every edit arrive. */
const LOOK_MS = 10_000
/** Problems of one refused file in the log; `vigil config check` shows all of them. */
const MAX_TOLD = 5

/**
 * Live configuration: watches the *folder* of the file (a ConfigMap is swapped as a link, and editors rename) and the
 * folder of rules in it, reads again, and puts the new generation in use only if it is good. A bad one is told in one
 * line with its first problems and counted, and the one before goes on.
 */
export function createLive<T>(options: LiveOptions<T>, inUse: T): Live {
  const { schedule } = options
  const reload = createReloader(options, inUse)
  let cancel: (() => void) | undefined
  let postponed = 0
  let isClosed = false
  let isEdited = false

  const reloadSoon = () => {
    if (isClosed || (cancel !== undefined && ++postponed > MAX_POSTPONED)) return
    cancel?.()
    cancel = schedule(SETTLE_MS, () => {
      const isLook = !isEdited
      cancel = undefined
      postponed = 0
      isEdited = false
      watchRules()
      void reload(isLook).catch(() => undefined)
    })
  }
  const onEvent = (isEdit: boolean) => {
    isEdited ||= isEdit
    reloadSoon()
  }
  // Other files there may be keys that the configuration names, or a log: even Vigil's own, where each line about a
  // mistake would call for the next one. Their events are looks, and say nothing that was said.
  const own: ReadonlySet<unknown> = new Set([basename(options.file), '..data', RULES_FOLDER, null, undefined])
  const watcher = openWatch(options, (name) => onEvent(own.has(name)))
  let rulesWatcher: Watcher | undefined
  /** Anew before every reload: the folder may have come, gone, or be another one behind the same link. */
  const watchRules = () => {
    rulesWatcher?.close()
    rulesWatcher = isClosed
      ? undefined
      : openRulesWatch(options, (name) => onEvent(name?.endsWith('.yaml') !== false))
  }
  watchRules()
  const look = () => {
    if (isClosed) return
    reloadSoon()
    stopLooking = schedule(LOOK_MS, look)
  }
  let stopLooking = schedule(LOOK_MS, look)
  return {
    reload: () => reload(false),
    close: () => {
      isClosed = true
      cancel?.()
      stopLooking()
      watcher?.close()
      rulesWatcher?.close()
    },
  }
}

/** One reload after the other. @returns what to call; `isLook`: nobody said that anything has changed */
function createReloader<T>(options: LiveOptions<T>, inUse: T): (isLook: boolean) => Promise<Reloaded> {
  const { meter, log } = options
  let hash = options.hashOf(inUse)
  let generation = 1
  let queue: Promise<unknown> = Promise.resolve()
  /** What was said of the file last, while it is bad. */
  let told = ''
  tell(meter, true, generation)

  const refuse = (problems: readonly LocatedProblem[], isLook: boolean) => {
    const saying = JSON.stringify(problems)
    // A mistake that stays is said once, not every time it is looked at.
    if (isLook && saying === told) return
    told = saying
    meter.add('vigil_config_reloads_total', 1, { result: 'refused' })
    tell(meter, false, generation)
    log.error('configuration refused, the one before stays in use', {
      problems: problems.slice(0, MAX_TOLD).map(summarise),
      count: problems.length,
    })
  }
  const reloadNow = async (isLook: boolean): Promise<Reloaded> => {
    const read = await options.read()
    if (!read.ok) {
      refuse(read.problems, isLook)
      return 'refused'
    }
    const wasRefused = told !== ''
    told = ''
    if (options.hashOf(read.value) === hash) {
      tell(meter, true, generation)
      // Nothing changes, but whoever saw the refusal waits for the word that it is over.
      if (wasRefused) log.info('configuration is good again', { generation, hash })
      return 'unchanged'
    }
    await options.use(read.value)
    hash = options.hashOf(read.value)
    generation++
    meter.add('vigil_config_reloads_total', 1, { result: 'changed' })
    tell(meter, true, generation)
    log.info('configuration changed', { generation, hash, ...options.summaryOf?.(read.value) })
    logWarnings(log, read.warnings)
    return 'changed'
  }
  return (isLook) => {
    const result = queue.then(() => reloadNow(isLook))
    queue = result.catch((error: unknown) => {
      tell(meter, false, generation)
      log.error('reload failed, the configuration before stays in use', { error: errorName(error) })
    })
    return result
  }
}

/** One line each: a good configuration that hardly does what was meant. */
export function logWarnings(log: Log, warnings: readonly LocatedProblem[] = []): void {
  for (const warning of warnings) log.warn('configuration warning', { warning: summarise(warning) })
}

function tell(meter: Meter, isSuccessful: boolean, generation: number): void {
  meter.set('vigil_config_last_reload_successful', isSuccessful ? 1 : 0)
  meter.set('vigil_config_generation', generation)
}

/** Undefined where the folder cannot be watched: the slow look does it then. */
function openWatch<T>(options: LiveOptions<T>, onEvent: OnEvent): Watcher | undefined {
  const { log } = options
  const open = options.watchFolder ?? watchFolder
  try {
    return open(dirname(options.file), onEvent, () =>
      log.warn('watching the configuration ended, it is looked at every 10 s'),
    )
  } catch {
    log.warn('the configuration cannot be watched, it is looked at every 10 s')
    return undefined
  }
}

/** Undefined where there is no such folder; the slow look finds it when it comes, and does what a lost watch cannot. */
function openRulesWatch<T>(options: LiveOptions<T>, onEvent: OnEvent): Watcher | undefined {
  const open = options.watchFolder ?? watchFolder
  try {
    return open(join(dirname(options.file), RULES_FOLDER), onEvent, () => undefined)
  } catch {
    return undefined
  }
}
