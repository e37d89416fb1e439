import { AUDIENCE } from '../../harness/tokens.ts'
import { type Book, KINDS, type Kind, PATH } from '../kinds.ts'
import { ProvingClient } from './client.ts'
import type { Response } from './connection.ts'
import { type Client, MARK } from './messages.ts'

/** A request ready to be sent. */
export interface Ready {
  /** Index into KINDS. */
  readonly kind: number
  readonly text: string
  readonly onResponse: (response: Response) => void
}

/** A proof that has passed, to be shown again. */
interface Used {
  readonly serial: number
  readonly method: string
  readonly credentials: string
}

/** Over all books: a proof has a number of its own, and that of another would be a replay. */
let serials = 0

/** As many as pass in some 20 seconds: a proof is young enough for a minute. */
const MOST_USED = 8000
const HOST = new URL(AUDIENCE).host

/** Makes the requests of the load, each kind as often as its weight says. */
export class Mix {
  readonly #book: Book
  readonly #clients: readonly ProvingClient[]
  readonly #turns: readonly number[]
  readonly #used: Used[] = []
  #usedAt = 0

  constructor(book: Book, clients: readonly Client[]) {
    this.#book = book
    this.#clients = clients.map((client) => new ProvingClient(client))
    this.#turns = turnsOf(KINDS.map(({ tokens, weight }) => (book[tokens].length === 0 ? 0 : weight)))
  }

  next(): Ready {
    const serial = ++serials
    const index = this.#turns[serial % this.#turns.length] ?? 0
    const kind = KINDS[index] as Kind
    if (kind.shows === 'replay') return this.#replay(index, serial)
    const at = Math.floor(serial / 7) % this.#book[kind.tokens].length
    const token = this.#book[kind.tokens][at] ?? ''
    const isProved = kind.shows === 'proof' || kind.shows === 'foreign-proof'
    if (!isProved) {
      const credentials = kind.shows === 'nothing' ? '' : `authorization: Bearer ${token}\r\n`
      return {
        kind: index,
        text: textOf(kind, serial, kind.method, credentials),
        onResponse: () => undefined,
      }
    }
    return this.#proved(index, kind, serial, at, token)
  }

  #proved(index: number, kind: Kind, serial: number, at: number, token: string): Ready {
    const owner = kind.shows === 'foreign-proof' ? (at + 1) % this.#clients.length : at
    const client = this.#clients[owner] as ProvingClient
    const proof = client.prove(kind.method, token, serial)
    const credentials = `authorization: DPoP ${token}\r\ndpop: ${proof}\r\n`
    const onResponse = ({ answer, nonce }: Response) => {
      client.nonce = nonce ?? client.nonce
      if (kind.shows === 'proof' && (answer === 'passed' || answer === 'degraded'))
        this.#remember({ serial, method: kind.method, credentials })
    }
    return { kind: index, text: textOf(kind, serial, kind.method, credentials), onResponse }
  }

  #remember(used: Used): void {
    this.#used[this.#usedAt++ % MOST_USED] = used
  }

  /** Until something has passed, there is nothing to replay: then nothing is shown, which is to be refused as well. */
  #replay(index: number, serial: number): Ready {
    const kind = KINDS[index] as Kind
    const used = this.#used[Math.floor(Math.random() * this.#used.length)]
    const text =
      used === undefined
        ? textOf(kind, serial, 'GET', '')
        : textOf(kind, used.serial, used.method, used.credentials)
    return { kind: index, text, onResponse: () => undefined }
  }
}

function textOf(kind: Kind, serial: number, method: string, credentials: string): string {
  const mark = `${MARK}: ${kind.name} ${serial}\r\n`
  const length = method === 'GET' ? '' : 'content-length: 0\r\n'
  return `${method} ${PATH} HTTP/1.1\r\nhost: ${HOST}\r\n${mark}${length}${credentials}\r\n`
}

/** Indices in a fixed order in which no kind comes in a heap. */
function turnsOf(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  const credit = weights.map(() => 0)
  return Array.from({ length: sum }, () => {
    for (const [i, weight] of weights.entries()) credit[i] = (credit[i] ?? 0) + weight
    const most = credit.indexOf(Math.max(...credit))
    credit[most] = (credit[most] ?? 0) - sum
    return most
  })
}
