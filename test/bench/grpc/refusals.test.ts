import { describe, expect, test } from '@jest/globals'
import { makeWorkload } from '../workload.ts'
import type { MintOrder } from './driver.ts'
import { loadOf } from './measured.ts'
import { proveRefusals } from './refusals.ts'

/** A row whose server lets these kinds of requests pass. */
function prove(passing: readonly MintOrder['kind'][], isGuard = true): Promise<void> {
  let minted: MintOrder['kind'] = 'bearer'
  const driver = {
    mint: async ({ kind }: Pick<MintOrder, 'kind'>) => {
      minted = kind
    },
    load: async () => {
      const isPassing = passing.includes(minted)
      return loadOf({ sent: 20, passed: isPassing ? 20 : 0, refused: isPassing ? 0 : 20 })
    },
    stop: async () => undefined,
  }
  const server = { address: '', ask: async () => ({ cpuUs: 0, rssBytes: 0 }), stop: async () => undefined }
  const row = { name: 'x', kind: 'bearer', cores: 1, isGuard, isCompiledLate: false, server } as const
  return proveRefusals({ driver, workload: makeWorkload(1) }, row)
}

describe('before figures count', () => {
  test('a server that refuses what is wrong is good enough', async () => {
    await expect(prove(['bearer'])).resolves.toBeUndefined()
  })

  test('one that lets everything pass is none, unless it is to', async () => {
    await expect(prove(['bearer', 'forged', 'foreign'])).rejects.toThrow(
      'x: refused 0 of 20 requests (forged)',
    )
    await expect(prove(['bearer', 'foreign'])).rejects.toThrow('(foreign)')
    await expect(prove(['bearer', 'forged', 'foreign'], false)).resolves.toBeUndefined()
  })

  test('nor is one that refuses everything', async () => {
    await expect(prove([])).rejects.toThrow('x: 0 of 20 good requests passed')
  })
})
