import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CORPUS } from '../checks/corpus.ts'
import type { Conversation } from './streams.ts'

/**
 * Writes what was sent to the corpus: a line of hex for each connection. Their tokens expire, so that later none of it may pass.
 * @returns the name of the file
 */
export function keep(transport: string, seed: number, conversations: readonly Conversation[]): string {
  const text = conversations.map(({ bytes }) => `${bytes.toString('hex')}\n`).join('')
  const name = `wire-${transport}-${seed}.hex`
  mkdirSync(CORPUS, { recursive: true })
  writeFileSync(join(CORPUS, name), text)
  return name
}

/** What the corpus holds, of whichever transport it was found in. */
export function keptConversations(): Conversation[] {
  const names = readdirSync(CORPUS).filter((name) => name.startsWith('wire-') && name.endsWith('.hex'))
  const lines = names.flatMap((name) => readFileSync(join(CORPUS, name), 'utf8').split('\n'))
  return lines.filter((line) => line !== '').map((line) => ({ bytes: Buffer.from(line, 'hex'), mayPass: [] }))
}
