/** What a decision lacked, in words. */
const INPUTS: Readonly<Record<string, string>> = {
  store: 'The store did not answer in time: habits, rates and earlier challenges were not known.',
  replay:
    'The shared memory of used proofs did not answer: only this process and the freshness of the proof were asked.',
}

const sentenceOf = (input: string): string => {
  if (input.startsWith('rule:')) {
    return `The rule ${input.slice('rule:'.length)} needed something that is missing and was passed over.`
  }
  if (input.startsWith('signal:')) {
    return `The signal ${input.slice('signal:'.length)} failed, or had nothing to look at without the store.`
  }
  return INPUTS[input] ?? 'An input that this version of vigil does not know.'
}

export const degradedOf = (inputs: readonly string[]) =>
  inputs.map((input) => ({ input, sentence: sentenceOf(input) }))
