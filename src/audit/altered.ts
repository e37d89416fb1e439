/** What a sink's settings made of a record before it was written. Undefined where they changed nothing. */
export interface Altered {
  /** What was replaced by pseudonyms, in the words of the settings. */
  readonly pseudonyms?: readonly string[] | undefined
  readonly addresses?: 'prefix' | 'pseudonym' | undefined
}

/**
 * One sentence for whoever reads the record; undefined when it is as the check was. Conditions and headers read what
 * was replaced, so such a record cannot be decided again.
 */
export function alteredNote({ pseudonyms, addresses }: Altered): string | undefined {
  const parts = [
    ...(pseudonyms === undefined || pseudonyms.length === 0
      ? []
      : [`pseudonyms stand for: ${pseudonyms.join(', ')}`]),
    ...(addresses === 'prefix' ? ['addresses are prefixes'] : []),
    ...(addresses === 'pseudonym' ? ['addresses are pseudonyms'] : []),
  ]
  return parts.length === 0 ? undefined : `The sink altered this record (${parts.join('; ')}).`
}
