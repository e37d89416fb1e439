/** Why a text is no CEL expression, in words for whoever wrote it: the parser only tells where it gave up. */

export interface SyntaxHint {
  readonly offset: number
  readonly message: string
  /** The text seems to end too early: what followed may have been cut off before it came here. */
  readonly isUnfinished?: boolean
}

interface Token {
  readonly text: string
  readonly offset: number
}

/** Complete texts are one token, so that nothing inside them is taken for a word or an operator. */
const TOKEN =
  /[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|[A-Za-z_]\w*|[=!<>&|]+|[^\s\w]/g

/** What other languages write, and what CEL writes. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['=', '=='],
  ['===', '=='],
  ['!==', '!='],
  ['<>', '!='],
  ['=>', '>='],
  ['=<', '<='],
  ['&', '&&'],
  ['|', '||'],
  ['and', '&&'],
  ['or', '||'],
  ['not', '!'],
])

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
const NEEDS_MORE = /^(?:&&|\|\||[=!<>]=|[<>!+*/%?:,.-]|in)$/

/** What CEL writes for this word or operator of another language. */
export const insteadOf = (word: string): string | undefined => INSTEAD.get(word.toLowerCase())

/** @returns undefined: nothing is known that the parser did not say. */
export function hintOf(text: string): SyntaxHint | undefined {
  if (text.trim() === '') return { offset: 0, message: 'it is empty' }
  const tokens = [...text.matchAll(TOKEN)].map((match) => ({ text: match[0], offset: match.index }))
  return foreign(tokens) ?? openText(tokens) ?? bracket(tokens) ?? end(tokens.at(-1))
}

function foreign(tokens: readonly Token[]): SyntaxHint | undefined {
  for (const [i, { text, offset }] of tokens.entries()) {
    const meant = insteadOf(text)
    // `a.not` is a field, whatever it is called.
    if (meant !== undefined && tokens[i - 1]?.text !== '.')
      return { offset, message: `write ${meant} instead of ${text}` }
  }
  return undefined
}

function openText(tokens: readonly Token[]): SyntaxHint | undefined {
  const quote = tokens.find(({ text }) => text === '"' || text === "'")
  return (
    quote && { offset: quote.offset, message: 'the text that begins here has no end', isUnfinished: true }
  )
}

function bracket(tokens: readonly Token[]): SyntaxHint | undefined {
  const open: Token[] = []
  for (const token of tokens) {
    if (token.text in CLOSING) open.push(token)
    else if (Object.values(CLOSING).includes(token.text)) {
      const opener = open.pop()
      if (opener === undefined) return { offset: token.offset, message: `this ${token.text} closes nothing` }
      if (CLOSING[opener.text] !== token.text) return unclosed(opener)
    }
  }
  const [first] = open
  return first && unclosed(first)
}

const unclosed = ({ text, offset }: Token): SyntaxHint => ({
  offset,
  message: `this ${text} is never closed`,
  isUnfinished: true,
})

const end = (last: Token | undefined): SyntaxHint | undefined =>
  last && NEEDS_MORE.test(last.text)
    ? { offset: last.offset, message: `something must follow ${last.text}`, isUnfinished: true }
    : undefined
