const SPAN = 2 ** 32

/**
 * Where a text falls between 0 and 1, the same in every process: what is below 0.1 is a tenth of all texts, and part of
 * every larger share. FNV-1a and the final mixing of MurmurHash3; for samples, not for secrets.
 */
export function shareOf(text: string): number {
  let hash = 0x81_1c_9d_c5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01_00_01_93)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35)
  return ((hash ^ (hash >>> 16)) >>> 0) / SPAN
}
