import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Store, StoreCommand } from '../../src/store/store.ts'

/** A store under test and a way to let its time pass. */
export interface Subject {
  readonly store: Store
  /** Real waiting for a real server, a turned clock for a store with a clock. */
  pass(ms: number): Promise<void>
  stop(): Promise<void>
}

const BUDGET_MS = 5000
const TTL = 60_000

/** The same table for every implementation: what it means that a store is a Store. */
export function storeContract(name: string, create: () => Promise<Subject>): void {
  describe(`${name} keeps the contract of a store`, () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await create()
    })
    afterAll(() => subject.stop())
    const read = (...commands: StoreCommand[]) => subject.store.read(commands, BUDGET_MS)
    const claim = (key: string, value: string, ttlMs = TTL) =>
      ({ op: 'claim', key, value, ttlMs }) satisfies StoreCommand
    const count = (key: string, ttlMs = TTL, window = 7) =>
      ({ op: 'window', key, window, ttlMs, adds: true }) satisfies StoreCommand
    const look = (key: string, window = 7) =>
      ({ op: 'window', key, window, ttlMs: TTL, adds: false }) satisfies StoreCommand
    const get = (key: string) => ({ op: 'get', key }) satisfies StoreCommand

    const table: [title: string, commands: StoreCommand[], replies: (string | null)[]][] = [
      ['nothing asked, nothing answered', [], []],
      ['a key that is not there is null', [get('{t}:none')], [null]],
      ['the first claim finds nothing', [claim('{t}:a', 'x')], [null]],
      ['a claim by another attempt finds the first', [claim('{t}:a', 'y')], ['x']],
      ['and has changed nothing', [get('{t}:a'), claim('{t}:a', 'x')], ['x', 'x']],
      ['nothing is counted by looking', [look('{t}:n'), look('{t}:n')], ['0 0', '0 0']],
      ['counts go up by one', [count('{t}:n'), count('{t}:n'), look('{t}:n')], ['1 0', '2 0', '2 0']],
      [
        'the window before is told beside',
        [count('{w}:n', TTL, 35), count('{w}:n', TTL, 35), count('{w}:n', TTL, 36), look('{w}:n', 36)],
        ['1 0', '2 0', '1 2', '1 2'],
      ],
      [
        'who is late still counts in the window before',
        [count('{w}:n', TTL, 35), look('{w}:n', 36), look('{w}:n', 35)],
        ['3 0', '1 3', '3 0'],
      ],
      [
        'after a window without anybody both begin anew',
        [count('{w}:n', TTL, 38), look('{w}:n', 40)],
        ['1 0', '0 0'],
      ],
      [
        'replies come in the order of the commands, across hash tags',
        [count('{u}:n'), get('{t}:none'), claim('{v}:a', 'z'), look('{t}:n'), count('{u}:n'), get('{t}:a')],
        ['1 0', null, null, '2 0', '2 0', 'x'],
      ],
      ['the same key claimed twice in one read', [claim('{t}:b', 'p'), claim('{t}:b', 'q')], [null, 'p']],
    ]
    test.each(table)('%s', async (_title, commands, replies) => {
      expect(await read(...commands)).toEqual(replies)
    })

    test('claims and counts end with their time, and counting does not prolong it', async () => {
      await read(claim('{e}:c', 'x', 300), count('{e}:n', 300))
      await subject.pass(200)
      expect(await read(claim('{e}:c', 'y', 300), count('{e}:n', 300))).toEqual(['x', '2 0'])
      await subject.pass(150)
      expect(await read(claim('{e}:c', 'z', 300), count('{e}:n', 300))).toEqual([null, '1 0'])
    })

    test('update makes, then changes, and sets the time anew', async () => {
      const append = (current: string | null) => `${current ?? ''}+`
      await subject.store.update('{t}:u', 300, append)
      await subject.pass(200)
      await subject.store.update('{t}:u', 300, append)
      await subject.pass(200)
      expect(await read(get('{t}:u'))).toEqual(['++'])
      await subject.pass(150)
      expect(await read(get('{t}:u'))).toEqual([null])
    })

    test('updates of one key at once are all kept', async () => {
      const add = (current: string | null) => String(Number(current ?? 0) + 1)
      await Promise.all(Array.from({ length: 5 }, () => subject.store.update('{t}:sum', TTL, add)))
      expect(await read(get('{t}:sum'))).toEqual(['5'])
    })

    test('an update sees what was claimed', async () => {
      await read(claim('{t}:seen', '2'))
      await subject.store.update('{t}:seen', TTL, (current) => `${current} times`)
      expect(await read(get('{t}:seen'))).toEqual(['2 times'])
    })

    test('what merge throws comes out, and nothing is changed', async () => {
      const broken = () => {
        throw new RangeError('broken merge')
      }
      await expect(subject.store.update('{t}:a', TTL, broken)).rejects.toThrow(/broken merge|store/)
      expect(await read(get('{t}:a'))).toEqual(['x'])
    })

    test('it is in good health', async () => {
      expect(await subject.store.health()).toMatchObject({ isReachable: true, degraded: [] })
    })
  })
}
