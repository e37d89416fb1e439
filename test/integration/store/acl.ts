import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/root.ts'

/** Which of the ACL lines of docs/state.md, by the comment that stands before it. */
export type AclOf = 'store' | 'cluster' | 'sentinel'

const PASSWORDS: Readonly<Record<AclOf, string>> = {
  store: 'a-good-password',
  cluster: 'a-good-password',
  sentinel: 'another-password',
}

/** `user …` as docs/state.md says it, with a password in place of its `>…`: what operators copy is what is tested. */
export function aclLine(of: AclOf): string {
  const page = readFileSync(join(ROOT, 'docs', 'state.md'), 'utf8')
  const line = new RegExp(`^# ${of}\\nuser (.*)$`, 'm').exec(page)?.[1]
  if (line === undefined) throw new Error(`docs/state.md has no ACL line for ${of}`)
  return `user ${line.replace('>…', `>${PASSWORDS[of]}`)}`
}

/** The same as arguments of a server. */
export const aclArgs = (of: AclOf): string[] => `--${aclLine(of)}`.split(' ')
