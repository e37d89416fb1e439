import { Document, isCollection, visit } from 'yaml'
import { responseToJson } from '../../../src/check/json.ts'
import { toCheckResponse } from '../../../src/check/response.ts'
import type { Answer, HeaderPair } from '../../../src/model.ts'

/** What a case expects, as it stands in its `.expected.yaml`: symbols for what no file should hold. */

type Json = Record<string, unknown>

/** Headers whose value is a secret of this answer, with the word for it. */
const SECRETS: Readonly<Record<string, 'nonce' | 'hop'>> = { 'dpop-nonce': 'nonce', 'x-vigil-hop': 'hop' }

const headersOf = (answer: Answer): readonly HeaderPair[] =>
  'status' in answer ? answer.headers : [...answer.setHeaders, ...answer.responseHeaders]

/** The nonce and the hop of an answer. */
export const given = (answer: Answer): readonly { kind: 'nonce' | 'hop'; value: string }[] =>
  headersOf(answer).flatMap(([name, value]) => {
    const kind = SECRETS[name]
    return kind === undefined ? [] : [{ kind, value }]
  })

/** The answer as `vigil decide` prints it, with symbols. @param check its number in the case, from 1 */
export function answerView(answer: Answer, check: number): unknown {
  const symbolic = (pairs: readonly HeaderPair[]) =>
    pairs.map(([name, value]): HeaderPair => {
      const kind = SECRETS[name]
      return [name, kind === undefined ? value : `<${kind} ${check}>`]
    })
  if ('status' in answer)
    return responseToJson(toCheckResponse({ ...answer, headers: symbolic(answer.headers) }))
  const { setHeaders, responseHeaders, removeHeaders } = answer
  const passing = responseToJson(
    toCheckResponse({
      ...answer,
      setHeaders: symbolic(setHeaders),
      responseHeaders: symbolic(responseHeaders),
      removeHeaders: withoutTwins(removeHeaders),
    }),
  )
  return answer.effect === 'observe' ? { ...passing, would: answerView(answer.would, check) } : passing
}

/** Every header that Vigil owns, written down here once more. */
const OWNED =
  'issuer subject tenant session client actor workload scope acr risk decision degraded assertion hop'
    .split(' ')
    .map((name) => `x-vigil-${name}`)
/** Each has two dashes, so three other spellings. */
const TWINS = OWNED.flatMap((name) => {
  const [x, vigil, rest] = name.split('-')
  return [`${x}_${vigil}_${rest}`, `${x}_${vigil}-${rest}`, `${x}-${vigil}_${rest}`]
})

/** The 42 spellings that are removed with every answer are one symbol, but only when all of them are there. */
function withoutTwins(names: readonly string[]): readonly string[] {
  if (!TWINS.every((twin) => names.includes(twin))) return names
  return [...names.filter((name) => !TWINS.includes(name)), '<every spelling with _>']
}

/** The record as it was written, but for the hash of the configuration: it changes with every new default. */
export function recordView(record: Json, configHash: string): Json {
  return { ...record, config: record['config'] === configHash ? '<hash>' : record['config'] }
}

/** Widest collection that stands on one line. */
const WIDTH = 150

/** YAML in which small things stand on one line and texts are never folded. */
export function toYaml(value: unknown): string {
  const document = new Document(value)
  visit(document, (_key, node) => {
    if (isCollection(node) && JSON.stringify(node).length <= WIDTH) node.flow = true
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}
