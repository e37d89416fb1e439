/** What `@jest/globals` is while Stryker tests mutants: jest's own describe, test and expect, without jest around them. */

export { expect } from 'expect'
export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from 'jest-circus'
