import { expect, test } from '@jest/globals'
import { rulesOfMany } from './rules.ts'

const { moreRules, moreActions } = rulesOfMany(1000)
const rules = moreRules as readonly { name: string; when: string }[]
const having = (text: string) => rules.filter(({ when }) => when.includes(text)).length

test('900 rules of an action, 90 of a sensitivity or tenant, and ten of the settings make 1,000', () => {
  expect([having('action.name'), having('action.sensitivity'), having('subject.tenant')]).toEqual([
    900, 45, 45,
  ])
  expect(new Set(rules.map(({ name }) => name)).size).toBe(990)
  expect(moreActions).toHaveLength(99)
})

test('what is asked for has rules of its own, and every action as many', () => {
  expect(having('action.name == "read"')).toBe(9)
  for (const { name } of moreActions as readonly { name: string }[])
    expect([name, having(`action.name == "${name}"`)]).toEqual([name, 9])
  expect(having('action.sensitivity == "low"')).toBe(12)
  expect(having('subject.tenant == "tenant-0"')).toBe(1)
})
