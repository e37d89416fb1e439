/** What a hostile or broken client sends over one connection: HTTP/2 frames, some of them nearly right. */
import { FLAG, FRAME, frame, greeting } from '../../bench/grpc/frames.ts'
import type { Random } from '../random.ts'
import { type Call, makeCall } from './call.ts'
import { Encoder } from './hpack.ts'
import { mutated } from './mutated.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** What goes over a connection, and on which of its streams a check may pass. */
export interface Conversation {
  readonly bytes: Buffer
  readonly mayPass: readonly number[]
}

/** CheckRequests of which none may pass, and one that may. */
export interface Messages {
  readonly bad: readonly [Buffer, ...Buffer[]]
  readonly good: Buffer
}

/** The frames of a call in an order that no client should send. */
function disordered(r: Random, stream: number, frames: readonly Buffer[]): Buffer[] {
  const [head = Buffer.alloc(0), ...rest] = frames
  switch (r.below(5)) {
    case 0:
      return frames.toReversed()
    case 1:
      return [...frames, frame(FRAME.reset, 0, stream, Buffer.from([0, 0, 0, r.below(15)]))]
    case 2:
      return [head, head, ...rest]
    case 3: {
      // HEADERS in two parts, of which the second may not come.
      const block = head.subarray(9)
      const cut = r.below(block.length)
      const parts = [
        frame(FRAME.headers, 0, stream, block.subarray(0, cut)),
        frame(9, FLAG.endHeaders, stream, block.subarray(cut)),
      ]
      return [...parts.slice(0, r.chance(70) ? 2 : 1), ...rest]
    }
    default:
      return frames.map((each) => {
        const copy = Buffer.from(each)
        copy.writeUInt32BE(r.pick([0, 2, stream + 2, 0x7fff_ffff]), 5)
        return copy
      })
  }
}

function odd(r: Random, stream: number): Buffer {
  const random = Buffer.from(Array.from({ length: r.pick([0, 1, 4, 5, 6, 8, 40]) }, () => r.below(256)))
  const type = r.pick([
    FRAME.settings,
    FRAME.ping,
    FRAME.goAway,
    FRAME.windowUpdate,
    FRAME.reset,
    2,
    5,
    9,
    10,
    200,
  ])
  return frame(type, r.below(256), r.pick([0, stream, stream + 1, 0x7fff_ffff]), random)
}

/** Calls begin in their order; the data of those that have begun come in any. */
function interleaved(r: Random, calls: readonly Call[]): Buffer[] {
  const waiting = [...calls]
  const open: Buffer[][] = []
  const frames: Buffer[] = []
  while (waiting.length > 0 || open.length > 0) {
    const queue = open[r.below(open.length + 1)]
    if (queue === undefined || (waiting.length > 0 && r.chance(40))) {
      const call = waiting.shift()
      if (call !== undefined) {
        frames.push(...call.head)
        open.push([...call.data])
      }
      continue
    }
    frames.push(...queue.splice(0, 1))
    if (queue.length === 0) open.splice(open.indexOf(queue), 1)
  }
  return frames
}

const MOST_CALLS = 8
/** So many percent of the calls of orderly connections may pass; their neighbours may not because of that. */
const GOOD_PERCENT = 25

/** Half of the connections keep to HTTP/2, so that what they carry reaches the service; the others do not. */
export function makeConversation(r: Random, { bad, good }: Messages): Conversation {
  const encoder = new Encoder(r)
  const isOrderly = r.chance(50)
  const ids = Array.from({ length: 1 + r.below(MOST_CALLS) }, (_, i) => 2 * i + 1)
  const mayPass = isOrderly ? r.subset(ids, GOOD_PERCENT) : []
  const calls = ids.map((id) => {
    const isGood = mayPass.includes(id)
    return { id, call: makeCall(r, encoder, id, isGood ? good : r.pick(bad), isGood) }
  })
  if (isOrderly)
    return {
      bytes: Buffer.concat([
        greeting(),
        ...interleaved(
          r,
          calls.map(({ call }) => call),
        ),
      ]),
      mayPass,
    }
  const frames = calls.flatMap(({ id, call: { head, data } }) => {
    const list = [...head, ...data]
    return [...(r.chance(20) ? [odd(r, id)] : []), ...(r.chance(70) ? list : disordered(r, id, list))]
  })
  const begin = r.chance(80)
    ? greeting()
    : r.pick([PREFACE, Buffer.alloc(0), Buffer.from('GET / HTTP/1.1\r\n\r\n')])
  return { bytes: mutated(Buffer.concat([begin, ...frames]), r, 30), mayPass }
}
