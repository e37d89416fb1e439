/** Stage 3: what is known of this subject. */
export { compileHistory, type HistoryConfig, type HistoryParts } from './compile.ts'
export { createHistoryKeys, type HistoryKeys } from './keys.ts'
export { createLearner, type Learner, type LearnerParts, type Schedule } from './learn.ts'
export { recall } from './recall.ts'
export { createLocalReplay, type LocalReplay } from './replay.ts'
