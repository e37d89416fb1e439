/** The rooms whose mutants are tested: what is changed, and the tests that have to notice. */
export interface Room {
  /** What a way through it would be. */
  readonly guards: string
  readonly mutate: readonly string[]
  readonly tests: readonly string[]
}

const testsOf = (...folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`)

export const ROOMS: Readonly<Record<string, Room>> = {
  tokens: {
    guards: 'a token, proof, nonce or hop that is none is taken',
    mutate: ['src/tokens/**/*.ts'],
    tests: testsOf('tokens', 'identity', 'conformance'),
  },
  identity: {
    guards: 'a caller is taken for somebody else; a bound token passes without its binding',
    mutate: ['src/identity/**/*.ts'],
    tests: testsOf('identity', 'conformance', 'pipeline'),
  },
  gate: {
    guards: 'a rule gets to see what no rule may allow',
    mutate: ['src/policy/gate.ts', 'src/policy/step-up.ts'],
    tests: testsOf('policy'),
  },
  response: {
    guards:
      'a refusal that Envoy reads as ALLOW; an identity header of the caller that reaches the application',
    mutate: ['src/check/response.ts', 'src/check/encode.ts', 'src/enforcement/**/*.ts'],
    tests: ['test/check/{codec,response,wire}.test.ts', ...testsOf('enforcement', 'conformance')],
  },
}
