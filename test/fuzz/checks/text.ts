/** Any value as a text. `String` throws at an object whose `toString` is a member of its own, as a claim of JSON may have. */
export const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
