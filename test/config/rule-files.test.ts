import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { summarise } from '../../src/config/format.ts'
import { readGeneration } from '../../src/config/generation.ts'
import { readSettings } from '../../src/config/read.ts'
import { openTestApp } from '../harness/app.ts'

/** Rules in several files beside vigil.yaml: order, places, and one generation. */

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const app = await openTestApp({})

function folderWith(files: Readonly<Record<string, string>>, main = '{}'): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-rules-'))
  folders.push(folder)
  writeFileSync(join(folder, 'vigil.yaml'), main)
  mkdirSync(join(folder, 'policy'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'policy', name), text)
  return folder
}

async function readIn(folder: string) {
  const read = await readSettings(join(folder, 'vigil.yaml'), (settings, hash) => {
    const compiled = app.app.compile(settings, hash)
    return compiled.ok ? { ok: true, value: { hash, policy: settings.policy } } : compiled
  })
  const told = (read.ok ? (read.warnings ?? []) : read.problems).map((problem) =>
    summarise(problem).replaceAll(`${folder}/`, ''),
  )
  return { rules: read.ok ? read.value.policy : undefined, hash: read.ok ? read.value.hash : '', told }
}

const rule = (name: string, more = '') =>
  `{ name: ${name}, when: assessment.score > 0.5, effect: deny${more} }`
const fileOf = (priority: number, ...rules: string[]) =>
  `priority: ${priority}\nrules:\n${rules.map((each) => `  - ${each}\n`).join('')}`

describe('order', () => {
  test('is that of the priorities, whatever the files are called; the rules of vigil.yaml have 0', async () => {
    const folder = folderWith(
      {
        'a.yaml': fileOf(20, rule('last')),
        'b.yaml': fileOf(-5, rule('first'), rule('second')),
        'c.yaml': fileOf(10, rule('fourth')),
      },
      `policy:\n  - ${rule('third')}\n`,
    )
    const { rules, told } = await readIn(folder)
    expect(rules?.map(({ name }) => name)).toEqual(['first', 'second', 'third', 'fourth', 'last'])
    expect(told.filter((line) => line.includes('policy/'))).toEqual([])
  })

  test('an owner of the file is that of its rules, unless one says another', async () => {
    const folder = folderWith({
      'a.yaml': `owner: payments\n${fileOf(1, rule('one'), rule('two', ', owner: fraud, runbook: "https://wiki.example.com/two"'))}`,
      'b.yaml': fileOf(2, rule('three')),
    })
    const { rules } = await readIn(folder)
    expect(rules?.map(({ owner, runbook }) => [owner, runbook])).toEqual([
      ['payments', undefined],
      ['fraud', 'https://wiki.example.com/two'],
      [undefined, undefined],
    ])
  })

  test('another priority is another generation; another file name is not', async () => {
    const one = await readIn(folderWith({ 'a.yaml': fileOf(1, rule('x')), 'b.yaml': fileOf(2, rule('y')) }))
    const renamed = await readIn(
      folderWith({ 'z.yaml': fileOf(1, rule('x')), 'b.yaml': fileOf(2, rule('y')) }),
    )
    const swapped = await readIn(
      folderWith({ 'a.yaml': fileOf(3, rule('x')), 'b.yaml': fileOf(2, rule('y')) }),
    )
    expect([renamed.hash === one.hash, swapped.hash === one.hash]).toEqual([true, false])
  })

  test('a folder without rules, or with other things in it, changes nothing', async () => {
    const folder = folderWith({ 'README.md': '# ours', OWNERS: 'me', '.a.yaml.swp': '\u0000' })
    expect(await readIn(folder)).toMatchObject({ rules: [] })
  })
})

describe('a mistake is told where it stands', () => {
  test.each<[string, Record<string, string>, string, string[]]>([
    [
      'a condition in a file of rules',
      {
        'pay.yaml': fileOf(
          1,
          rule('good'),
          '{ name: bad, when: subject.bindign.state == "absent", effect: deny }',
        ),
      },
      '{}',
      ['policy/pay.yaml:4:32: unknown field "subject.bindign"; did you mean "binding"?'],
    ],
    [
      'mistakes in all of them are told at once',
      {
        'a.yaml': fileOf(1, '{ name: a, when: true, efect: deny }'),
        'b.yaml': 'priority: first\nrules: []\n',
        'c.yaml': 'rules: [}',
        'd.yaml': '',
      },
      'actoins: []\n',
      [
        'vigil.yaml:1:1: unknown key actoins; did you mean "actions"?',
        'policy/a.yaml:3:28: unknown key rules[0].efect; did you mean "effect"?',
        'policy/b.yaml:1:11: priority: expected a number, found text',
        'policy/c.yaml:1:9: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
        'policy/d.yaml:1:1: the file is empty; write {} for a configuration of defaults only',
      ],
    ],
    [
      'a setting that its effect does not read',
      { 'a.yaml': fileOf(1, rule('x', ', retryAfterSeconds: 5')) },
      '{}',
      ["policy/a.yaml:3:79: retryAfterSeconds is for effect throttle; this rule's effect is deny"],
    ],
    [
      'no priority',
      { 'a.yaml': 'rules: []\n' },
      '{}',
      ['policy/a.yaml:1:1: priority is missing; it must be a number'],
    ],
    [
      'a key of vigil.yaml',
      { 'a.yaml': 'priority: 1\nrules: []\nactions: []\n' },
      '{}',
      ['policy/a.yaml:3:1: actions belongs into vigil.yaml'],
    ],
    [
      'an effect of a later version',
      { 'a.yaml': fileOf(1, '{ name: a, when: true, effect: narrow }') },
      '{}',
      ['policy/a.yaml:3:36: rules[0].effect: "narrow" is not in this version; it comes with a later one'],
    ],
  ])('%s', async (_what, files, main, expected) => {
    const { rules, told } = await readIn(folderWith(files, main))
    expect([rules, told]).toEqual([undefined, expected])
  })

  test('a rule that is never reached because of another file', async () => {
    const folder = folderWith({
      'a.yaml': fileOf(1, '{ name: all, when: true, effect: monitor }'),
      'b.yaml': fileOf(2, rule('dead')),
    })
    expect((await readIn(folder)).told).toContain(
      'policy/b.yaml:3:5: this rule is never reached: "all" stands before it and matches always',
    )
  })
})

describe('what two files cannot both say is refused with both places', () => {
  test('a name', async () => {
    const folder = folderWith(
      { 'a.yaml': fileOf(1, rule('same'), rule('other')), 'b.yaml': fileOf(-1, rule('x'), rule('same')) },
      `policy:\n  - ${rule('other')}\n`,
    )
    expect((await readIn(folder)).told).toEqual([
      'policy/a.yaml:3:13: another rule is called "same" already: policy/b.yaml:4:13',
      'policy/a.yaml:4:13: another rule is called "other" already: vigil.yaml:2:13',
    ])
  })

  test('a name within one file', async () => {
    const folder = folderWith({ 'a.yaml': fileOf(1, rule('same'), rule('same')) })
    expect((await readIn(folder)).told).toEqual([
      'policy/a.yaml:4:13: another rule is called "same" already: in line 3',
    ])
  })

  test('a priority', async () => {
    const files = {
      'a.yaml': fileOf(7, rule('a')),
      'b.yaml': fileOf(7, rule('b')),
      'c.yaml': fileOf(0, rule('c')),
    }
    expect((await readIn(folderWith(files))).told).toEqual([
      'policy/b.yaml:1:11: priority 7 is taken by policy/a.yaml:1:11; which rules come first must be said',
    ])
    expect((await readIn(folderWith(files, `policy:\n  - ${rule('own')}\n`))).told).toEqual([
      'policy/b.yaml:1:11: priority 7 is taken by policy/a.yaml:1:11; which rules come first must be said',
      'policy/c.yaml:1:11: priority 0 is taken by the rules of vigil.yaml itself; which rules come first must be said',
    ])
  })
})

describe('nothing in the folder is passed over in silence', () => {
  test.each([
    ['a.yml', 'a file of rules ends in .yaml'],
    ['a.json', 'a file of rules ends in .yaml'],
  ])('%s', async (name, message) => {
    const { told } = await readIn(folderWith({ [name]: fileOf(1, rule('x')) }))
    expect(told).toEqual([`policy/${name}:1:1: ${message}`])
  })

  test('a folder in it, and one that is called like a file', async () => {
    const folder = folderWith({})
    mkdirSync(join(folder, 'policy', 'team'))
    mkdirSync(join(folder, 'policy', 'x.yaml'))
    expect((await readIn(folder)).told).toEqual([
      'policy/team:1:1: a folder in the folder of rules is not read',
      'policy/x.yaml:1:1: a folder in the folder of rules is not read',
    ])
  })

  test('a file instead of the folder, and a link that leads nowhere', async () => {
    const folder = folderWith({})
    symlinkSync('nowhere.yaml', join(folder, 'policy', 'a.yaml'))
    expect((await readIn(folder)).told).toEqual(['policy/a.yaml:1:1: there is no such file'])
    rmSync(join(folder, 'policy'), { recursive: true })
    writeFileSync(join(folder, 'policy'), '')
    expect((await readIn(folder)).told).toEqual(['policy:1:1: a part of its path is no folder'])
  })

  test('a file of rules where vigil.yaml is wanted', async () => {
    const folder = folderWith({})
    writeFileSync(join(folder, 'vigil.yaml'), fileOf(1, rule('x')))
    expect((await readIn(folder)).told).toEqual([
      'vigil.yaml:2:1: this is a file of rules: it is read, and checked, with the vigil.yaml beside its folder',
    ])
  })
})

describe('one generation', () => {
  /** A mount in which vigil.yaml and the folder of rules are links through `..data`, which is swapped as a whole. */
  function mounted() {
    const mount = mkdtempSync(join(tmpdir(), 'vigil-mount-'))
    folders.push(mount)
    const swap = (n: number) => {
      mkdirSync(join(mount, `..g${n}`, 'policy'), { recursive: true })
      writeFileSync(join(mount, `..g${n}`, 'vigil.yaml'), `policy:\n  - ${rule(`own-${n}`)}\n`)
      writeFileSync(join(mount, `..g${n}`, 'policy', 'team.yaml'), fileOf(1, rule(`team-${n}`)))
      symlinkSync(`..g${n}`, join(mount, '..next'))
      renameSync(join(mount, '..next'), join(mount, '..data'))
      rmSync(join(mount, `..g${n - 1}`), { recursive: true, force: true })
    }
    swap(1)
    for (const name of ['vigil.yaml', 'policy']) symlinkSync(join('..data', name), join(mount, name))
    return { mount, swap }
  }
  const told = (generation: Awaited<ReturnType<typeof readGeneration>>) =>
    'message' in generation
      ? generation.message
      : [generation.main, ...generation.rules].map(({ bytes }) => /(own|team)-\d+/.exec(String(bytes))?.[0])

  test.each([1, 2, 3, 4])('a swap behind look %d at a link is read again, as a whole', async (at) => {
    const { mount, swap } = mounted()
    let looks = 0
    const generation = await readGeneration(join(mount, 'vigil.yaml'), async (file) => {
      const path = await realpath(file)
      if (++looks === at) swap(2)
      return path
    })
    expect(told(generation)).toEqual(at === 4 ? ['own-1', 'team-1'] : ['own-2', 'team-2'])
  })

  test('ten swaps in a row, as a starved process sees them, are outlasted', async () => {
    const { mount, swap } = mounted()
    let n = 1
    const generation = await readGeneration(join(mount, 'vigil.yaml'), async (file) => {
      const path = await realpath(file)
      if (file.endsWith('vigil.yaml') && n < 11) swap(++n)
      return path
    })
    expect(told(generation)).toEqual(['own-11', 'team-11'])
  })

  test('a file that is not there is told at once', async () => {
    let looks = 0
    const generation = await readGeneration(join(mounted().mount, 'other.yaml'), (file) => {
      looks++
      return realpath(file)
    })
    expect([told(generation), looks]).toEqual(['there is no such file', 1])
  })

  test('what never stands still is not read', async () => {
    const { mount, swap } = mounted()
    let n = 1
    const generation = await readGeneration(join(mount, 'vigil.yaml'), async (file) => {
      const path = await realpath(file)
      if (file.endsWith('vigil.yaml')) swap(++n)
      return path
    })
    expect(told(generation)).toMatch(/^it changes while it is read$|^there is no such file$/)
  })

  test('rules never disappear for a moment', async () => {
    const { mount, swap } = mounted()
    const seen = new Set<string>()
    for (let n = 2; n < 60; n++) {
      const reading = readIn(mount)
      await new Promise((resolve) => void setImmediate(resolve))
      swap(n)
      const { rules } = await reading
      if (rules === undefined) continue
      const [own, team] = rules.map(({ name }) => name.replace(/^\D+/, ''))
      expect([own, rules.length]).toEqual([team, 2])
      seen.add(own ?? '')
    }
    expect(seen.size).toBeGreaterThan(10)
  })
})
