import { describe, expect, test } from '@jest/globals'
import { EpochWatch } from '../../src/store/epoch.ts'

/** What one process sees and writes, in turn: texts are seen, `beat` writes what follows. */
function watched(...seen: (string | null)[]) {
  const watch = new EpochWatch()
  const verdicts = seen.map((text) => watch.see(text, watch.ask()))
  return { watch, verdicts, next: watch.next('new') }
}

describe('what an epoch key tells', () => {
  test.each<[what: string, seen: (string | null)[], verdicts: string[], next: string]>([
    ['an empty store at the first look', [null], ['unsure'], 'new.1'],
    ['another process was there first', ['a.5'], ['unsure'], 'a.6'],
    ['it stands still', ['a.5', 'a.5'], ['unsure', 'same'], 'a.6'],
    ['others count it up', ['a.5', 'a.9'], ['unsure', 'same'], 'a.10'],
    ['beats are numbers', ['a.9', 'a.10'], ['unsure', 'same'], 'a.11'],
    ['all was flushed', ['a.5', null], ['unsure', 'lost'], 'new.1'],
    ['and told once, until it is written anew', ['a.5', null, null], ['unsure', 'lost', 'unsure'], 'new.1'],
    ['flushed, and another has begun anew', ['a.5', 'b.1', 'b.2'], ['unsure', 'lost', 'same'], 'b.3'],
    ['flushed, and begun anew with more beats', ['a.5', 'b.7'], ['unsure', 'lost'], 'b.8'],
    ['an older memory: nobody goes on with it', ['a.5', 'a.4'], ['unsure', 'lost'], 'new.1'],
    ['even when it is seen again', ['a.5', 'a.4', 'a.4'], ['unsure', 'lost', 'unsure'], 'new.1'],
    ['even when another has counted it up', ['a.5', 'a.4', 'a.6'], ['unsure', 'lost', 'unsure'], 'new.1'],
    ['an older memory that another has left', ['a.5', 'a.4', 'b.1'], ['unsure', 'lost', 'unsure'], 'b.2'],
    [
      'an older one of an earlier epoch',
      ['a.5', null, 'b.1', 'a.9'],
      ['unsure', 'lost', 'unsure', 'lost'],
      'a.10',
    ],
    ['something else stands there', ['a.5', 'rubbish'], ['unsure', 'lost'], 'new.1'],
    ['no beat', ['a.5', 'a.x'], ['unsure', 'lost'], 'new.1'],
    ['no id', ['.5'], ['unsure'], 'new.1'],
  ])('%s', (_what, seen, verdicts, next) => {
    expect(watched(...seen)).toMatchObject({ verdicts, next })
  })

  test('what it has written itself is no loss', () => {
    const { watch } = watched(null)
    watch.wrote(watch.next('new'), watch.ask())
    expect(watch.see('new.1', watch.ask())).toBe('same')
    expect(watch.see(null, watch.ask())).toBe('lost')
  })

  test('a reply that is looked at after a later one is no loss', () => {
    const watch = new EpochWatch()
    const [first, early, late] = [watch.ask(), watch.ask(), watch.ask()]
    watch.see('a.5', first)
    expect(watch.see('a.7', late)).toBe('same')
    expect(watch.see('a.6', early)).toBe('same')
    expect(watch.next('new')).toBe('a.8')
  })

  test('that it was written is forgotten when more has been seen since', () => {
    const { watch } = watched('a.5')
    const written = watch.ask()
    watch.see('a.9', watch.ask())
    watch.wrote('a.6', written)
    expect(watch.next('new')).toBe('a.10')
  })
})
