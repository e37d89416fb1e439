/** Bytes of UTF-8 that one UTF-16 unit of a string takes at most. */
export const MOST_BYTES_PER_UNIT = 3
