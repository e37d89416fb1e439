/** Stage 5: what follows. The gate, then hard limits, the failure table, the rules and the default table. */
export { compilePolicy, type PolicySettings } from './compile.ts'
export type { PolicyConfig } from './config.ts'
export { decide } from './decide.ts'
export { DEFAULT_TABLE, renderDefaultTable } from './default-table.ts'
export { describeVariables } from './describe.ts'
