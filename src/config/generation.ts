import type { Dirent } from 'node:fs'
import * as disk from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorName, unreadable } from '../lib/error-name.ts'

/** A file as it was read: under which name, from which real folder. */
export interface ReadFile {
  readonly file: string
  readonly folder: string
  readonly bytes: Uint8Array
}

export interface Unreadable {
  readonly file: string
  readonly message: string
}

/** Everything of one moment. */
export interface Generation {
  readonly main: ReadFile
  /** Files of the folder of rules beside it, by name. */
  readonly rules: readonly ReadFile[]
  readonly unreadable: readonly Unreadable[]
}

/** The folder of rule files, beside `vigil.yaml`. */
export const RULES_FOLDER = 'policy'

/** A swap takes microseconds, but a starved process reads slowly: whoever meets more of them than this is not to be helped. */
const TRIES = 20
const CHANGES = 'it changes while it is read'

/** What links lead to; tests move it in between. */
type Realpath = (file: string) => Promise<string>

/** @returns one file, through its real path, or why it cannot be read */
export const readOne = async (file: string): Promise<ReadFile | Unreadable> =>
  readSteadily(async () => readAt(await locate(file, disk.realpath)), file)

/**
 * `vigil.yaml` and the files of rules beside it, all of one generation: after reading, every link must still lead where
 * it led before. A `..data` swap in between must not mix two, and still less make rules disappear for a moment.
 */
export const readGeneration = async (
  file: string,
  realpath: Realpath = disk.realpath,
): Promise<Generation | Unreadable> =>
  readSteadily(async () => {
    const before = await look(file, realpath)
    const main = await readAt(before.main)
    const rules = await Promise.all(before.rules.map(readAt))
    const after = await look(file, realpath)
    if (JSON.stringify(before) !== JSON.stringify(after))
      throw Object.assign(new Error(CHANGES), { code: MOVED })
    return { main, rules, unreadable: before.unreadable }
  }, file)

const MOVED = 'MOVED'

async function readSteadily<T>(read: () => Promise<T>, file: string): Promise<T | Unreadable> {
  for (let tried = 1; ; tried++) {
    try {
      return await read()
    } catch (error) {
      const name = errorName(error)
      const isSwapped = name === MOVED || (name === 'ENOENT' && (await stands(file)))
      if (isSwapped && tried < TRIES) continue
      const message = name === MOVED ? CHANGES : unreadable(error)
      return { file: error instanceof NotRead ? error.file : file, message }
    }
  }
}

/** A swap removes the folder that was being read; the link of this name leads to another one then, and is never away. */
const stands = (file: string): Promise<boolean> =>
  disk.lstat(file).then(
    () => true,
    () => false,
  )

/** Which of the files it was. */
class NotRead extends Error {
  readonly file: string
  constructor(file: string, cause: unknown) {
    super('a file cannot be read', { cause })
    this.file = file
  }
}

const about = <T>(file: string, reading: Promise<T>): Promise<T> =>
  reading.catch((error: unknown) => {
    throw new NotRead(file, error)
  })

interface Located {
  readonly file: string
  readonly path: string
}

const locate = async (file: string, realpath: Realpath): Promise<Located> => ({
  file,
  path: await about(file, realpath(file)),
})

const readAt = async ({ file, path }: Located): Promise<ReadFile> => ({
  file,
  folder: dirname(path),
  bytes: await about(file, disk.readFile(path)),
})

interface Look {
  readonly main: Located
  readonly rules: readonly Located[]
  readonly unreadable: readonly Unreadable[]
}

async function look(file: string, realpath: Realpath): Promise<Look> {
  const main = await locate(file, realpath)
  const folder = join(dirname(file), RULES_FOLDER)
  const entries = await entriesOf(folder)
  if ('message' in entries) return { main, rules: [], unreadable: [entries] }
  const files = entries.filter((entry) => !entry.isDirectory() && entry.name.endsWith('.yaml'))
  return {
    main,
    rules: await Promise.all(files.map(({ name }) => locate(join(folder, name), realpath))),
    unreadable: entries.flatMap((entry) => strangeIn(folder, entry)),
  }
}

/** Whoever put rules there must not find out by an incident that nobody reads them. Other files may stand beside. */
function strangeIn(folder: string, entry: Dirent): readonly Unreadable[] {
  const file = join(folder, entry.name)
  if (entry.isDirectory()) return [{ file, message: 'a folder in the folder of rules is not read' }]
  return /\.(?:yml|json)$/.test(entry.name) ? [{ file, message: 'a file of rules ends in .yaml' }] : []
}

/** What begins with a dot is of the system or an editor (`..data`, `.swp`). Without the folder there are no such rules. */
async function entriesOf(folder: string): Promise<readonly Dirent[] | Unreadable> {
  try {
    const entries = await disk.readdir(folder, { withFileTypes: true })
    return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    return errorName(error) === 'ENOENT' ? [] : { file: folder, message: unreadable(error) }
  }
}
