/** docs/privacy.md against the code: how long things are kept, and every word that keeps something away. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { auditSettings } from '../../src/config/schema/audit.ts'
import { staticSettings } from '../../src/config/schema/static.ts'
import { checkAudit } from '../../src/config/semantic-audit.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8')
const PRIVACY = page('privacy.md')

test('profile and session are kept as long as the page says', () => {
  const { profileDays, sessionDays } = staticSettings.parse({}).store.retention
  expect(PRIVACY).toMatch(new RegExp(`^\\| profile .* \\| ${profileDays} days after`, 'm'))
  expect(PRIVACY).toMatch(new RegExp(`^\\| session .* \\| ${sessionDays} days after`, 'm'))
  for (const key of ['profileDays', 'sessionDays']) expect(PRIVACY).toContain(`store.retention.${key}`)
})

/** The words of `pseudonyms`, as the schema lists them. */
function words(): string[] {
  const refused = auditSettings.safeParse({ sinks: [{ kind: 'stdout', pseudonyms: ['none such'] }] })
  const [issue] = refused.error?.issues ?? []
  return issue?.code === 'invalid_value' ? issue.values.map(String) : []
}

test('every word of pseudonyms stands in the tables of both pages', () => {
  expect(words()).toContain('subject')
  const rows = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .join('\n')
  for (const word of words()) {
    expect(rows(page('audit.md'))).toContain(`\`${word}\``)
    expect(rows(PRIVACY)).toMatch(new RegExp(`pseudonyms: \\[[a-z, ]*\\b${word}\\b`))
  }
})

test.each(['privacy.md', 'audit.md', 'ocsf.md'])('every audit section on %s is good', (name) => {
  const examples = [...page(name).matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, text]) => parse(text ?? ''))
    .filter((example) => example.audit !== undefined)
  expect(examples.length).toBeGreaterThan(0)
  for (const { audit } of examples) expect(checkAudit(auditSettings.parse(audit))).toEqual([])
})
