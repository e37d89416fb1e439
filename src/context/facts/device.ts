import type { Check, Facts } from '../../model.ts'

const MAX_LENGTH = 256
/** Printable ASCII without the comma: Envoy joins a repeated header with commas, so one there means two values. */
const DEVICE_ID = /^[\x20-\x2b\x2d-\x7e]+$/
const NONE: Facts['device'] = Object.freeze({ isAttested: false })

/**
 * The device id that the client claims. Nothing proves it here, so it may raise risk and never lower it.
 * @returns `isMalformed` when the header appears more than once, is longer than 256 characters or not printable.
 */
export function deviceOf(
  check: Check,
  header: string,
): { readonly device: Facts['device']; readonly isMalformed: boolean } {
  const values = check.headers.get(header)
  if (values === undefined) return { device: NONE, isMalformed: false }
  const id = values[0]?.trim() ?? ''
  if (values.length > 1) return { device: NONE, isMalformed: true }
  if (id === '') return { device: NONE, isMalformed: false }
  if (id.length > MAX_LENGTH || !DEVICE_ID.test(id)) return { device: NONE, isMalformed: true }
  return { device: { id, isAttested: false }, isMalformed: false }
}
