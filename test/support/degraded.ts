/** What a check lacks that has no store: it, and the signals that see nothing without it. */
export const DEGRADED = [
  'store',
  'signal:automation',
  'signal:binding',
  'signal:new-client',
  'signal:new-device',
  'signal:new-network',
  'signal:new-tls',
  'signal:request-rate',
  'signal:unusual-time',
  'signal:withheld-fact',
]
