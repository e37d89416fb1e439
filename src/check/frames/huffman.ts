import type { Buffer } from 'node:buffer'
import { ERROR, Fault } from './protocol.ts'

/**
 * RFC 7541 appendix B: bits of the code of each byte, and of EOS behind them. The code is canonical: the codes themselves
 * follow from the lengths.
 */
// biome-ignore format: sixteen a line
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
]
const EOS = 256
/** Four bits at a time: every code has at least five, so that a step ends one at most. */
const STEP_BITS = 4
const STEPS = 1 << STEP_BITS
/** Padding is the beginning of EOS, which is ones alone, and shorter than a byte (section 5.2). */
const MAX_PADDING_BITS = 7

/** Inner nodes of the tree of codes: two children each, a node's number or, below zero, the complement of a symbol. */
function makeTree(): number[] {
  const tree = [0, 0]
  const bySize = LENGTHS.map((length, symbol) => ({ length, symbol })).sort(
    (a, b) => a.length - b.length || a.symbol - b.symbol,
  )
  let code = 0
  let last = 0
  for (const { length, symbol } of bySize) {
    code <<= length - last
    last = length
    let node = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const child = 2 * node + ((code >>> bit) & 1)
      if (tree[child] === 0) {
        tree[child] = tree.length / 2
        tree.push(0, 0)
      }
      node = tree[child] ?? 0
    }
    tree[2 * node + (code & 1)] = ~symbol
    code++
  }
  return tree
}

interface Machine {
  /** By node and step: the node that follows. */
  readonly next: Uint16Array
  /** By node and step: the symbol that ends in it, or -1. */
  readonly symbol: Int16Array
  /** By node: 1 where a text may end. */
  readonly isEnd: Uint8Array
}

function makeMachine(): Machine {
  const tree = makeTree()
  const nodes = tree.length / 2
  const next = new Uint16Array(nodes * STEPS)
  const symbol = new Int16Array(nodes * STEPS).fill(-1)
  for (let from = 0; from < nodes; from++) {
    for (let step = 0; step < STEPS; step++) {
      let node = from
      for (let bit = STEP_BITS - 1; bit >= 0; bit--) {
        const child = tree[2 * node + ((step >>> bit) & 1)] ?? 0
        if (child < 0) symbol[from * STEPS + step] = ~child
        node = Math.max(child, 0)
      }
      next[from * STEPS + step] = node
    }
  }
  const isEnd = new Uint8Array(nodes)
  for (let bits = 0, node = 0; bits <= MAX_PADDING_BITS; bits++) {
    isEnd[node] = 1
    node = tree[2 * node + 1] ?? 0
  }
  return { next, symbol, isEnd }
}

const { next, symbol, isEnd } = makeMachine()

/** Every byte holds less than two symbols of five bits. */
export const mostBytesOf = (length: number): number => Math.ceil((length * 8) / 5)

/**
 * Decodes the bytes from `at` to `end`.
 * @param into has room for `mostBytesOf(end - at)`
 * @returns how many bytes it wrote
 * @throws Fault for EOS and for a padding that is none (RFC 7541 section 5.2)
 */
export function decodeHuffman(bytes: Buffer, at: number, end: number, into: Buffer): number {
  let node = 0
  let size = 0
  for (let i = at; i < end; i++) {
    const byte = bytes[i] ?? 0
    for (let shift = STEP_BITS; shift >= 0; shift -= STEP_BITS) {
      const step = node * STEPS + ((byte >>> shift) & (STEPS - 1))
      const ended = symbol[step] ?? EOS
      if (ended === EOS) throw new Fault(ERROR.compression, 'EOS in a text')
      if (ended >= 0) into[size++] = ended
      node = next[step] ?? 0
    }
  }
  if (isEnd[node] !== 1) throw new Fault(ERROR.compression, 'a text ends inside a code')
  return size
}
