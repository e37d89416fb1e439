import { escapeHtml } from '../lib/html.ts'
import type { Check, HeaderPair } from '../model.ts'

/** What a page is made of. */
interface Shown {
  readonly status: number
  readonly headers: readonly HeaderPair[]
  readonly body: Readonly<Record<string, unknown>>
}

/** Nothing but this page: no script, no picture, nowhere to send anything, in nobody's frame. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** What a person can do, by HTTP status. As little as the problem body tells: never which rule, signal or score. */
const ADVICE: Readonly<Record<number, string>> = {
  400: 'Your browser sent something that could not be understood. Go back and try again.',
  401: 'Sign in and try again.',
  403: 'If you think that you should be able to do this, tell support the number below.',
  413: 'What you sent is too large.',
  429: 'This was too much in too short a time. Wait a moment and try again.',
  503: 'This is our fault, not yours. Try again in a moment.',
}

/** A refusal as a page for a person, with the decision id that support asks for. */
export function tellPage(shown: Shown, check: Check): { headers: readonly HeaderPair[]; body: string } {
  const title = escapeHtml(String(shown.body['title']))
  const advice = ADVICE[shown.status] ?? ''
  const headers: readonly HeaderPair[] = [
    ['content-type', 'text/html; charset=utf-8'],
    ['content-security-policy', POLICY],
    ['x-content-type-options', 'nosniff'],
    ['referrer-policy', 'no-referrer'],
  ]
  return { headers, body: pageOf(title, escapeHtml(advice), escapeHtml(check.id)) }
}

const pageOf = (title: string, advice: string, id: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 15vh auto 0; max-width: 36rem; padding: 0 1.5rem }
h1 { font-size: 1.5rem; line-height: 1.25 }
p { margin: 0 0 1rem }
small { opacity: .75 }
code { user-select: all }
</style>
<main>
<h1>${title}</h1>
<p>${advice}</p>
<p><small>Number for support: <code>${id}</code></small></p>
</main>
</html>
`
