import { type Fault, WHOLE } from '../promise.ts'

/** What the load sees of a world in which nothing breaks: the measure for all others. */
export const nothing: Fault = {
  name: 'nothing',
  title: 'Nothing breaks',
  promise: { ...WHOLE, says: 'every request is answered as it should be' },
  start: () => undefined,
  stop: () => undefined,
}
