/** jest runs native ES modules (jose is ESM-only), so NODE_OPTIONS needs --experimental-vm-modules: scripts/test.ts sets it. */
export default {
  testEnvironment: 'node',
  // Not among temporary files: those of a run go with it.
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Ends a test that hangs; a property with thousands of cases on a busy machine is none.
  testTimeout: 60_000,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
}
