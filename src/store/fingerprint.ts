import { Buffer } from 'node:buffer'
import { MOST_BYTES_PER_UNIT } from '../lib/utf8.ts'

/** Words of a fingerprint. */
export const WORDS = 4

const SCRATCH_BYTES = 1024
const scratch = Buffer.alloc(SCRATCH_BYTES)
const wordsOf = (bytes: Buffer) => new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
const scratchWords = wordsOf(scratch)

const SEED_A = 0x6a_09_e6_67
const SEED_B = 0xbb_67_ae_85
const SEED_C = 0x3c_6e_f3_72
const SEED_D = 0xa5_4f_f5_3a

/**
 * 128 bits that stand for a key inside this process, in four words. For keys that nobody outside can choose (they are
 * HMACs): two with the same fingerprint are then less likely than a broken machine. Four hashes in the manner of
 * FNV-1a, each with a multiplier of its own, and the final mixing of MurmurHash3.
 */
export function fingerprint(key: string, into: Int32Array): void {
  // As bytes it is read four characters at a time, whatever kind of string V8 has made of it.
  const most = 4 * Math.ceil((key.length * MOST_BYTES_PER_UNIT + 4) / 4)
  const bytes = most <= SCRATCH_BYTES ? scratch : Buffer.alloc(most)
  const length = bytes.write(key, 0, 'utf8')
  bytes[length] = 0
  bytes[length + 1] = 0
  bytes[length + 2] = 0
  const words = bytes === scratch ? scratchWords : wordsOf(bytes)
  let a = SEED_A ^ length
  let b = SEED_B ^ length
  let c = SEED_C ^ length
  let d = SEED_D ^ length
  for (let i = 0; i * 4 < length; i++) {
    const word = words[i] ?? 0
    a = Math.imul(a ^ word, 0x23_9b_96_1b)
    b = Math.imul(b ^ word, 0xab_0e_97_89)
    c = Math.imul(c ^ word, 0x38_b3_4a_e5)
    d = Math.imul(d ^ word, 0xa1_e3_8b_93)
    a ^= a >>> 15
    b ^= b >>> 17
    c ^= c >>> 14
    d ^= d >>> 18
  }
  // What a low bit knows only goes up by multiplying: bring the high ones down, and each word into the others.
  a = Math.imul(a ^ (a >>> 16) ^ (c >>> 15), 0x85_eb_ca_6b)
  b = Math.imul(b ^ (b >>> 16) ^ (d >>> 15), 0xc2_b2_ae_35)
  c = Math.imul(c ^ (c >>> 16) ^ (a >>> 13), 0x85_eb_ca_6b)
  d = Math.imul(d ^ (d >>> 16) ^ (b >>> 13), 0xc2_b2_ae_35)
  into[0] = a ^ (a >>> 13)
  into[1] = b ^ (b >>> 16)
  into[2] = c ^ (c >>> 13)
  into[3] = d ^ (d >>> 16)
}
