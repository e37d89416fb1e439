/** Words of a fingerprint. */
export const WORDS = 4

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
  let a = SEED_A
  let b = SEED_B
  let c = SEED_C
  let d = SEED_D
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i)
    a = Math.imul(a ^ code, 0x23_9b_96_1b)
    b = Math.imul(b ^ code, 0xab_0e_97_89)
    c = Math.imul(c ^ code, 0x38_b3_4a_e5)
    d = Math.imul(d ^ code, 0xa1_e3_8b_93)
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
