/** Small doors to the outside that stages may hold; `app` and tests decide what stands behind them. */
import type { Buffer } from 'node:buffer'
import type { Check, NetworkFact, Outcome } from './model.ts'
import type { CounterName, GaugeName, HistogramName, ReadingName } from './telemetry/metrics.ts'

export type { Clock } from './clock.ts'

export type Labels = Readonly<Record<string, string>>

/** Bounded labels only: never a subject, token, path or host. */
export interface Meter {
  add(name: CounterName, value: number, labels?: Labels): void
  record(name: HistogramName, value: number, labels?: Labels): void
  set(name: GaugeName, value: number, labels?: Labels): void
}

/** The value of a metric that is read when somebody collects. Labels as of the meter. */
export interface Reading {
  readonly name: ReadingName
  readonly value: number
  readonly labels: Labels
}

/** The service's own log (JSON lines). Fields never hold a credential, proof, nonce or key. */
export interface Log {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void
  info(event: string, fields?: Readonly<Record<string, unknown>>): void
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void
  error(event: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Cryptographically secure random bytes. */
export type Entropy = (size: number) => Buffer

/** Keys derived with HKDF-SHA-256 from the instance key file: nonce and hop from current and previous, the rest from root. */
export interface InstanceKeys {
  /** HMAC key of store keys and of value hashes. */
  readonly store: Buffer
  /** HMAC key of the pseudonyms in records. */
  readonly pseudonym: Buffer
  /** AES-256 key of the configuration that is kept in the store. */
  readonly lastGood: Buffer
  /** First: to sign and verify. Others: to verify only. */
  readonly nonce: readonly [Buffer, ...Buffer[]]
  readonly hop: readonly [Buffer, ...Buffer[]]
}

/** A record on its way to a collector of logs. */
export interface ExportedRecord {
  readonly atMs: number
  readonly id: string
  readonly effect: string
  readonly severity: 'info' | 'warn' | 'error'
  /** W3C trace id. */
  readonly trace?: string | undefined
  /** The record as other sinks get it. */
  readonly line: string
}

export interface RecordExport {
  /**
   * Never throws and never waits.
   * @param onSettled called once, when the collector has them or they are known to be lost
   */
  send(records: readonly ExportedRecord[], onSettled: (isWritten: boolean) => void): void
  close(): Promise<void>
}

export type OpenRecordExport = () => RecordExport

/** The times of one check that is traced. */
export interface Timeline {
  /** Notes that a stage has ended now. */
  mark(stage: string): void
}

/** Spans of checks; absent where traces are off. */
export interface Tracing {
  /** Undefined where this request is not traced, as most are not. */
  begin(check: Check): Timeline | undefined
  /** Once after the answer, for every check. */
  end(outcome: Outcome, durationMs: number): void
}

/** Where an address belongs; what is not known is missing. Never throws. */
export interface NetworkPlaces {
  /** @param ip in the spelling of `normaliseIp` */
  find(ip: string): Omit<NetworkFact, 'class'>
}

/** Opens the data that a configuration names. @param baseDir files are relative to it */
export type OpenPlaces = (
  wanted: {
    readonly data: 'packaged' | 'none'
    readonly countryFile?: string | undefined
    readonly asnFile?: string | undefined
    readonly cityFile?: string | undefined
  },
  baseDir: string,
) => NetworkPlaces

export const noPlaces: OpenPlaces = () => ({
  find: () => ({ country: undefined, asn: undefined, city: undefined }),
})
export const silentMeter: Meter = { add: () => undefined, record: () => undefined, set: () => undefined }
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
