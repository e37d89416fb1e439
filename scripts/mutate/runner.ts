import { relative } from 'node:path'
import type { Circus } from '@jest/types'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  type CompleteDryRunResult,
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from '@stryker-mutator/api/test-runner'
import { configureGlobal } from 'fast-check'
import { enter, execute } from './execute.ts'
import { nearestFirst, testFiles } from './files.ts'
import { type Case, loadSuite, standInForJest } from './suite.ts'

/** What code that Stryker has instrumented reads and writes. */
interface Switchboard {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: CompleteDryRunResult['mutantCoverage']
}

/**
 * Stryker's runner of tests, for one process that loads a test file once and runs its tests for one mutant after the other. Stryker's
 * own runner for jest loads everything anew for each mutant, which took four seconds where this takes a tenth.
 *
 * What an earlier mutant has left in the process (caches, state of a fixture) must not decide. So a mutant counts as killed only if
 * the test passes without it, and as survived only in a process that is new: else Stryker is asked to start another and repeat it.
 */
class RoomRunner implements TestRunner {
  static readonly inject = [] as const
  readonly #board: Switchboard
  readonly #suites = new Map<string, readonly Case[]>()
  readonly #entered = new Set<Circus.DescribeBlock>()
  #isUsed = false

  constructor() {
    const shared = globalThis as { __stryker__?: Switchboard }
    shared.__stryker__ ??= {}
    this.#board = shared.__stryker__
  }

  /** Modules are loaded once in a process: Stryker starts another for a mutant of code that runs while it loads. */
  capabilities() {
    return { reloadEnvironment: false }
  }

  async init(): Promise<void> {
    standInForJest()
    // That a case fails matters, not which; and it must be the same in every run.
    configureGlobal({ endOnFailure: true, seed: 1 })
  }

  async dryRun({ coverageAnalysis }: DryRunOptions): Promise<DryRunResult> {
    const isCounting = coverageAnalysis === 'perTest'
    const tests: TestResult[] = []
    const note = async (id: string, fileName: string, run: () => Promise<unknown>) => {
      this.#board.currentTestId = isCounting ? id : undefined
      const started = performance.now()
      const error = await run()
      tests.push(resultOf(id, fileName, performance.now() - started, error))
      this.#board.currentTestId = undefined
    }
    for (const file of roomFiles()) {
      const cases = await this.#suite(file)
      // What fixtures run belongs to every test of the file.
      await note(hooksOf(file), file, () => this.#enterAll(cases))
      for (const one of cases) await note(one.id, file, () => execute(one))
    }
    const { mutantCoverage } = this.#board
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage && { mutantCoverage }) }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const isNew = !this.#isUsed
    this.#isUsed = true
    Object.assign(this.#board, {
      hitCount: options.hitLimit === undefined ? undefined : 0,
      hitLimit: options.hitLimit,
    })
    try {
      const { nrOfTests, failed } = await this.#firstFailure(options)
      if (this.#ranTooOften()) return { status: MutantRunStatus.Timeout }
      if (failed !== undefined) {
        if (!isNew && failed.one) await this.#expectClean(failed.one)
        return {
          status: MutantRunStatus.Killed,
          killedBy: [failed.id],
          failureMessage: failed.message,
          nrOfTests,
        }
      }
      if (!isNew) throw new Error('this process has caches: again in a new one')
      return { status: MutantRunStatus.Survived, nrOfTests }
    } finally {
      this.#board.activeMutant = undefined
    }
  }

  async #firstFailure(options: MutantRunOptions) {
    let nrOfTests = 0
    for (const { file, isChosen } of choose(options)) {
      let cases: readonly Case[]
      try {
        cases = await this.#load(file, options)
      } catch (error) {
        // A file that does not even load is as red as one whose tests fail.
        if (options.mutantActivation === 'static')
          return { nrOfTests, failed: { id: hooksOf(file), message: messageOf(error) } }
        throw error
      }
      for (const one of cases.filter(isChosen)) {
        nrOfTests += 1
        const error = (await enter(one, this.#entered)) ?? (await execute(one))
        if (error !== undefined) return { nrOfTests, failed: { id: one.id, one, message: messageOf(error) } }
      }
    }
    return { nrOfTests, failed: undefined }
  }

  /** The tests of a file; afterwards the mutant is on, and before only where it is one of code that runs while it loads. */
  async #load(file: string, { activeMutant, mutantActivation }: MutantRunOptions): Promise<readonly Case[]> {
    this.#board.activeMutant = mutantActivation === 'static' ? activeMutant.id : undefined
    const cases = await this.#suite(file)
    this.#board.activeMutant = activeMutant.id
    return cases
  }

  /** Stryker's guard in loops throws when a mutant makes one endless. */
  #ranTooOften(): boolean {
    const { hitCount = 0, hitLimit = Number.POSITIVE_INFINITY } = this.#board
    return hitCount > hitLimit
  }

  async #suite(file: string): Promise<readonly Case[]> {
    const known = this.#suites.get(file)
    if (known !== undefined) return known
    const cases = await loadSuite(file)
    this.#suites.set(file, cases)
    return cases
  }

  async #enterAll(cases: readonly Case[]): Promise<unknown> {
    for (const one of cases) {
      const error = await enter(one, this.#entered)
      if (error !== undefined) return error
    }
    return undefined
  }

  /** A test that fails without the mutant, too, fails for what an earlier one has left. */
  async #expectClean(one: Case): Promise<void> {
    this.#board.activeMutant = undefined
    if ((await execute(one)) !== undefined) throw new Error('this process is spoilt: again in a new one')
  }
}

/** The test files of the room, which `mutate.ts` names. */
const roomFiles = () => testFiles(JSON.parse(process.env['VIGIL_MUTATE_TESTS'] ?? '[]'), process.cwd())

const hooksOf = (file: string): string => `${relative(process.cwd(), file)} (what is done before all)`

/** The files and tests that reach the mutant, nearest first; all where Stryker names none. */
function choose({ testFilter, sandboxFileName }: MutantRunOptions) {
  const chosen = testFilter && new Set(testFilter)
  const starts = new Set(testFilter?.map((id) => id.slice(0, id.indexOf(' '))))
  const files = roomFiles().filter(
    (file) => chosen === undefined || starts.has(relative(process.cwd(), file)),
  )
  return nearestFirst(files, sandboxFileName, process.cwd()).map((file) => ({
    file,
    isChosen: ({ id }: Case) => chosen === undefined || chosen.has(id) || chosen.has(hooksOf(file)),
  }))
}

function resultOf(id: string, fileName: string, timeSpentMs: number, error: unknown): TestResult {
  const base = { id, name: id, timeSpentMs, fileName }
  return error === undefined
    ? { ...base, status: TestStatus.Success }
    : { ...base, status: TestStatus.Failed, failureMessage: messageOf(error) }
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 500)

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'room', RoomRunner)]
