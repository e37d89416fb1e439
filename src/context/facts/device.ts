import type { Check, Facts } from '../../model.ts'

const MAX_LENGTH = 256
/** Printable ASCII without the comma: Envoy joins a repeated header with commas, so one there means two values. */
const DEVICE_ID = /^[\x20-\x2b\x2d-\x7e]+$/
const NONE: Facts['device'] = Object.freeze({ isAttested: false })

/**
 * The device id that the client claims. Nothing proves it here, so it may raise risk and never lower it.
 * @returns `fault` says, as the end of a sentence, why the header cannot be read; undefined: nothing is wrong with it
 */
export function deviceOf(
  check: Check,
  header: string,
): { readonly device: Facts['device']; readonly fault: string | undefined } {
  const values = check.headers.get(header)
  if (values === undefined) return { device: NONE, fault: undefined }
  const id = values[0]?.trim() ?? ''
  if (values.length > 1) return { device: NONE, fault: 'appears more than once' }
  if (id === '') return { device: NONE, fault: undefined }
  if (id.length > MAX_LENGTH) return { device: NONE, fault: `is longer than ${MAX_LENGTH} characters` }
  if (!DEVICE_ID.test(id)) return { device: NONE, fault: id.includes(',') ? JOINED : UNPRINTABLE }
  return { device: { id, isAttested: false }, fault: undefined }
}

const JOINED = 'appears more than once, or holds a comma'
const UNPRINTABLE = 'holds a character that is not printable ASCII'
