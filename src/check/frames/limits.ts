/** How far a peer may go. Beyond it the connection ends with ENHANCE_YOUR_CALM, where nothing else is said. */
export const LIMITS = {
  /** Nobody asks so much at once of a service that decides a thousand checks at a time (`server.maxInFlight`). */
  streams: 10_000,
  /** A header block as it comes, all CONTINUATIONs together, and how many frames it may be cut into. */
  blockBytes: 64 * 1024,
  blockFrames: 32,
  /** Names, values and 32 for each field (RFC 9113 section 6.5.2); a call with more is reset. */
  headerListBytes: 32 * 1024,
  /** Of messages that have not come to their end, all calls of a connection together; a call beyond it is refused. */
  heldBytes: 128 * 1024 * 1024,
  /** How far the whole connection may send ahead. */
  window: 1024 * 1024,
  /** What is ready to be sent and not taken: as long as there is more, nothing is read. */
  waitingBytes: 1024 * 1024,
  /** Frames that ask for nothing (PING, SETTINGS, PRIORITY, empty DATA, ...) within one patience. */
  idleFrames: 20_000,
  /** Calls that are reset within one patience. Envoy resets a check when its client goes away or its timeout is over. */
  resets: 200_000,
  /** So many idle frames are forgiven for each call that is answered. */
  forgiven: 16,
} as const
