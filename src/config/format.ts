import type { LocatedProblem } from './located.ts'

const MAX_EXCERPT = 120
/** Where the place stands in an excerpt that begins in the middle of its line. */
const MAX_BEFORE = 60
/** A value under such a key is never shown, whatever the file was meant to be; the short ones are members of private keys. */
const SECRET_KEY =
  /(?:^|[\s,{["'])(?:[\w.-]*(?:pass(?:word|phrase)|secret|token|api[-_]?key|private[-_]?key|credential)|root|current|previous|d|p|q|dp|dq|qi|k)["']?\s*:\s*(?=\S)/i
/** Tokens, keys and digests: long runs without a blank. URLs and paths break at their punctuation. */
const SECRET_RUN = /[A-Za-z0-9_+=-]{32,}/

/** `file:line:column: message` in one line, for a log. */
export const summarise = ({ file, line, column, message }: LocatedProblem): string =>
  `${file}:${line}:${column}: ${message.replaceAll(/\s*\n\s*/g, ' ')}`

/**
 * The same, then the line with a caret where there is one. Where the line holds something that could be a secret, the
 * excerpt ends before it: problems go into the logs of pipelines.
 */
export function formatProblem(problem: LocatedProblem): string {
  const head = summarise(problem)
  if (problem.source === undefined || problem.source.trim() === '') return head
  const { text, caret } = excerpt(problem.source, problem.column - 1)
  return `${head}\n  ${text}\n  ${' '.repeat(caret)}^`
}

/** At most MAX_EXCERPT characters around `at`; `caret` is where `at` came to stand, or the end of what is shown. */
function excerpt(source: string, at: number): { text: string; caret: number } {
  const safe = withoutSecrets(source.replaceAll('\t', ' '))
  const from = at <= MAX_EXCERPT - MAX_BEFORE ? 0 : Math.min(at, safe.length) - MAX_BEFORE
  const start = Math.max(0, from)
  const shown = safe.slice(start, start + MAX_EXCERPT).trimEnd()
  const text = start > 0 ? `…${shown}` : shown
  const caret = Math.max(0, Math.min(at - start + (start > 0 ? 1 : 0), text.length))
  return { text, caret }
}

function withoutSecrets(text: string): string {
  const key = SECRET_KEY.exec(text)
  const ends = [
    key === null ? text.length : key.index + key[0].length,
    SECRET_RUN.exec(text)?.index ?? text.length,
  ]
  const end = Math.min(...ends)
  return end < text.length ? `${text.slice(0, end)}…` : text
}

/** A problem that leaves the file good. */
export const asWarning = (problem: LocatedProblem): LocatedProblem => ({
  ...problem,
  message: `warning: ${problem.message}`,
})
