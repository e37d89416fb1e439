const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUES = new Int8Array(128).fill(-1)
for (let i = 0; i < DIGITS.length; i++) VALUES[DIGITS.charCodeAt(i)] = i

/** A whole number in so many digits of base64url, the highest first; what is larger is the largest that fits. */
export function toDigits(value: number, length: number): string {
  let rest = Math.min(Math.max(0, Math.floor(value)), 64 ** length - 1)
  let text = ''
  for (let i = 0; i < length; i++) {
    text = DIGITS.charAt(rest % 64) + text
    rest = Math.floor(rest / 64)
  }
  return text
}

/** @throws when a character is no digit, or the text ends before */
export function fromDigits(text: string, start: number, length: number): number {
  let value = 0
  for (let at = start; at < start + length; at++) {
    const digit = VALUES[text.charCodeAt(at)] ?? -1
    if (digit < 0) throw new Error('digit')
    value = value * 64 + digit
  }
  return value
}
