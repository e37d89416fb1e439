import { Buffer } from 'node:buffer'
import { type Field, sizeOf } from './dynamic-table.ts'
import { type FieldSink, HpackDecoder } from './hpack.ts'
import { LIMITS } from './limits.ts'

/** What a call needs of its headers. */
export interface RequestHead {
  readonly method: string
  readonly path: string
  readonly contentType: string | undefined
  /** `grpc-encoding`. */
  readonly encoding: string | undefined
  /** Bytes of the body, where the peer says so. */
  readonly contentLength: number | undefined
  readonly isMalformed: boolean
  /** Trailers may be anything that holds no pseudo-header. */
  readonly hasPseudo: boolean
  readonly isTooLarge: boolean
}

/** RFC 9113 section 8.2.2: what belongs to one connection of HTTP/1.1. */
const OF_CONNECTIONS = ['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']
const PSEUDO = [':method', ':scheme', ':authority', ':path']
const LENGTH = /^\d{1,15}$/

/** Collects one block. */
class Collector implements FieldSink {
  readonly #pseudo: (string | undefined)[] = [undefined, undefined, undefined, undefined]
  #contentType: string | undefined
  #encoding: string | undefined
  #length: string | undefined
  #bytes = 0
  #isMalformed = false
  #isBehindPseudo = false
  #hasPseudo = false

  field(field: Field): void {
    this.#bytes += sizeOf(field)
    if (!field.isValid) this.#isMalformed = true
    if (field.name.startsWith(':')) this.#takePseudo(field)
    else this.#takeRegular(field)
  }

  /** Section 8.3: before all others, known, and once. */
  #takePseudo({ name, value }: Field): void {
    const index = PSEUDO.indexOf(name)
    this.#hasPseudo = true
    if (this.#isBehindPseudo || index === -1 || this.#pseudo[index] !== undefined) this.#isMalformed = true
    else this.#pseudo[index] = value
  }

  #takeRegular({ name, value }: Field): void {
    this.#isBehindPseudo = true
    if (name === 'content-type') this.#contentType ??= value
    else if (name === 'grpc-encoding') this.#encoding ??= value
    else if (name === 'content-length') this.#takeLength(value)
    else if (name === 'te') this.#isMalformed ||= value !== 'trailers'
    else if (OF_CONNECTIONS.includes(name)) this.#isMalformed = true
  }

  /** RFC 9110 section 8.6: once, or always the same. */
  #takeLength(value: string): void {
    if (!LENGTH.test(value) || (this.#length ?? value) !== value) this.#isMalformed = true
    this.#length = value
  }

  head(): RequestHead {
    const [method, scheme, authority, path] = this.#pseudo
    // Section 8.5: CONNECT has an authority and nothing else.
    const isWhole =
      method === 'CONNECT'
        ? authority !== undefined && scheme === undefined && path === undefined
        : isGiven(method) && isGiven(scheme) && isGiven(path)
    return {
      method: method ?? '',
      path: path ?? '',
      contentType: this.#contentType,
      encoding: this.#encoding,
      contentLength: this.#length === undefined ? undefined : Number(this.#length),
      isMalformed: this.#isMalformed || (this.#hasPseudo && !isWhole),
      hasPseudo: this.#hasPseudo,
      isTooLarge: this.#bytes > LIMITS.headerListBytes,
    }
  }
}

/** Longer ones are seldom all the same. */
const MOST_KEPT_BYTES = 128

/**
 * Reads the header blocks of one connection. Check after check has the same block, a few indices: byte for byte the one
 * before, with nothing changed in the table since, it means what it meant.
 */
export class HeadReader {
  readonly #hpack = new HpackDecoder()
  #kept: Buffer | undefined
  #keptHead: RequestHead | undefined
  #keptAt = 0

  /** @throws Fault */
  read(bytes: Buffer, at: number, end: number): RequestHead {
    const { table } = this.#hpack
    if (this.#keptHead !== undefined && this.#keptAt === table.changes && this.#isKept(bytes, at, end))
      return this.#keptHead
    const before = table.changes
    const collector = new Collector()
    this.#hpack.decode(bytes, at, end, collector)
    const head = collector.head()
    if (before === table.changes && end - at <= MOST_KEPT_BYTES) {
      this.#kept = Buffer.from(bytes.subarray(at, end))
      this.#keptHead = head
      this.#keptAt = before
    }
    return head
  }

  #isKept(bytes: Buffer, at: number, end: number): boolean {
    const kept = this.#kept
    if (kept === undefined || kept.length !== end - at) return false
    for (let i = 0; i < kept.length; i++) if (kept[i] !== bytes[at + i]) return false
    return true
  }
}

const isGiven = (value: string | undefined) => value !== undefined && value !== ''
