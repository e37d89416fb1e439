/** The application behind Envoy: says what it was told, and counts what reached it. A process of its own. */
import { createServer, type Socket } from 'node:net'
import { MARK, nowMs } from './messages.ts'

/** A proof that reached the application once more. */
export interface Duplicate {
  readonly atMs: number
  readonly method: string
  /** 2 for the second time. */
  readonly times: number
  /** It carried a nonce of Vigil. */
  readonly hasNonce: boolean
}

export interface Reached {
  readonly byKind: Readonly<Record<string, number>>
  readonly duplicates: readonly Duplicate[]
}

const HEAD_END = '\r\n\r\n'
let byKind: Record<string, number> = {}
let duplicates: Duplicate[] = []
let proofs = new Map<string, number>()

function answer(head: string): string {
  const [, kind = 'unmarked', serial = ''] = new RegExp(`\r\n${MARK}: (\\S+) (\\S+)`).exec(head) ?? []
  byKind[kind] = (byKind[kind] ?? 0) + 1
  const proof = /\r\ndpop: [^.]+\.([^.]+)/.exec(head)?.[1]
  if (proof !== undefined) countProof(serial, head.slice(0, head.indexOf(' ')), proof)
  const degraded = /\r\nx-vigil-degraded: ([^\r]+)/.exec(head)?.[1]
  const told = degraded === undefined ? '' : `x-degraded: ${degraded}\r\n`
  return `HTTP/1.1 200 OK\r\n${told}content-length: 0${HEAD_END}`
}

function countProof(serial: string, method: string, payload: string): void {
  const times = (proofs.get(serial) ?? 0) + 1
  proofs.set(serial, times)
  if (times === 1) return
  const { nonce } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { nonce?: string }
  duplicates.push({ atMs: nowMs(), method, times, hasNonce: nonce !== undefined })
}

/** Bodies are empty, so heads follow each other. */
function take(socket: Socket): void {
  let rest = ''
  socket.on('data', (chunk) => {
    const heads = (rest + chunk.toString('latin1')).split(HEAD_END)
    rest = heads.pop() ?? ''
    for (const head of heads) socket.write(answer(head))
  })
  socket.on('error', () => undefined)
}

createServer({ noDelay: true }, take).listen(Number(process.argv[2]), '127.0.0.1', () =>
  process.send?.('ready'),
)
// Asked at the end of each row; the next row counts anew.
process.on('message', () => {
  process.send?.({ byKind, duplicates } satisfies Reached)
  byKind = {}
  duplicates = []
  proofs = new Map()
})
process.on('disconnect', () => process.exit())
