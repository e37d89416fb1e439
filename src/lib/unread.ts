import type { FailureCode } from '../errors.ts'
import type { Check } from '../model.ts'

const UNREAD: ReadonlySet<FailureCode | undefined> = new Set<FailureCode>([
  'check.request.undecodable',
  'check.request.oversized',
])

/** Nothing of such a check was read: neither where it came in is known nor what it carries. */
export const isUnread = ({ malformed }: Check): boolean => UNREAD.has(malformed)
