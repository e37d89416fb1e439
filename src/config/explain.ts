import type { z } from 'zod'
import type { SettingsProblem } from '../errors.ts'
import { didYouMean, hint, nearest } from '../lib/nearest.ts'
import { isLaterKey, laterWord } from './later.ts'
import { showPath } from './located.ts'
import { keysAt } from './schema-walk.ts'

type Issue = z.core.$ZodIssue
type Path = (string | number)[]

/** What an explanation may look at. */
export interface Explained {
  readonly schema: z.core.$ZodType
  readonly value: unknown
  readonly elsewhere: { readonly keys: readonly string[]; readonly file: string }
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

const asWords = (values: readonly unknown[]): string => values.map(String).join(', ')

/** Names what was found without showing it: a value in the wrong place may be a secret. */
function found(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'nothing (an empty value)'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number'
  return NAMES[typeof value] ?? typeof value
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<PropertyKey, unknown>)[part]
  }
  return here
}

/** Turns one issue of zod into problems that say what stands there, what was expected and what was probably meant. */
export function explainIssue(issue: Issue, about: Explained): SettingsProblem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: unknownKey(path, key, about),
      isAboutKey: true,
    }))
  }
  if (issue.code === 'invalid_key') {
    const message = `${showPath(path)}: ${issue.issues[0]?.message ?? 'this name cannot stand here'}`
    return [{ path, message, isAboutKey: true }]
  }
  const value = valueAt(about.value, path)
  if (value === undefined && path.length > 0) return [{ path, message: missing(path, issue) }]
  const message = `${showPath(path) || 'the file'}: ${sentence(issue, path, value)}`
  return [{ path, message }]
}

/**
 * A key that is missing only because the unknown one beside it was meant for it: `efect: deny` is one mistake, and
 * "effect is missing" would only hide it.
 */
export function isMisspelt(issue: Issue, among: readonly Issue[], about: Explained): boolean {
  const key = issue.path.at(-1)
  if (typeof key !== 'string' || valueAt(about.value, issue.path) !== undefined) return false
  const holder = issue.path.slice(0, -1)
  const known = keysAt(about.schema, holder)
  return among.some(
    (other) =>
      other.code === 'unrecognized_keys' &&
      isSamePath(other.path, holder) &&
      other.keys.some((written) => nearest(written, known) === key),
  )
}

const isSamePath = (a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean =>
  a.length === b.length && a.every((part, i) => part === b[i])

function unknownKey(path: Path, key: string, about: Explained): string {
  const whole = showPath([...path, key])
  if (isLaterKey([...path, key])) return `${whole} is not in this version; it comes with a later one`
  if (path.length === 0 && about.elsewhere.keys.includes(key))
    return `${key} belongs into ${about.elsewhere.file}`
  const known = keysAt(about.schema, path)
  return `unknown key ${whole}${known.length === 0 ? '' : hint(key, known)}`
}

function missing(path: Path, issue: Issue): string {
  const words = wordsOf(issue)
  return `${showPath(path)} is missing; ${words === undefined ? `it must be ${expected(issue)}` : `write one of ${asWords(words)}`}`
}

/** The closed set of words that an issue speaks of. */
function wordsOf(issue: Issue): readonly unknown[] | undefined {
  if (issue.code === 'invalid_value') return issue.values
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options))
    return issue.options
  return undefined
}

function expected(issue: Issue): string {
  if (issue.code === 'invalid_type') return NAMES[issue.expected] ?? issue.expected
  if (issue.code !== 'invalid_union') return 'given'
  const kinds = issue.errors
    .flat()
    .map((inner) => (inner.code === 'invalid_type' ? expected(inner) : inner.message))
  return [...new Set(kinds)].join(', ') || 'given'
}

function sentence(issue: Issue, path: Path, value: unknown): string {
  const words = wordsOf(issue)
  if (words !== undefined) return wrongWord(path, value, words)
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${expected(issue)}, found ${found(value)}`
    case 'invalid_union':
      return `expected ${expected(issue)}, found ${found(value)}`
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
        : `must hold at least ${counted(issue.origin, issue.minimum)}`
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
        : `must hold at most ${counted(issue.origin, issue.maximum)}`
    case 'invalid_format':
      return format(issue)
    default:
      return issue.message
  }
}

function counted(origin: string, count: number | bigint): string {
  const unit = origin === 'string' ? 'character' : origin === 'array' ? 'item' : 'entry'
  const many = unit === 'entry' ? 'entries' : `${unit}s`
  return `${count} ${Number(count) === 1 ? unit : many}`
}

function format(issue: Extract<Issue, { code: 'invalid_format' }>): string {
  if (issue.format === 'url') return 'write a URL, e.g. https://idp.example.com/jwks'
  if (issue.format === 'starts_with' && 'prefix' in issue) return `must start with "${String(issue.prefix)}"`
  return issue.message
}

/** Words of closed sets are short and harmless; anything else that stands in their place is not shown. */
function wrongWord(path: Path, value: unknown, words: readonly unknown[]): string {
  const later = laterWord(path, value)
  if (later !== undefined) return later
  const isWord = typeof value === 'string' && /^[A-Za-z0-9+._-]{1,24}$/.test(value)
  const shown = isWord ? `"${value}"` : found(value)
  const meant = isWord ? didYouMean(value, words.map(String)) : ''
  return `${shown} is not one of ${asWords(words)}${meant}`
}
