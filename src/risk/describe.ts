import type { Signal } from './signal.ts'

const HEAD = `# Signals

<!-- Generated from the signals in src/risk/signals by describeSignals(); do not edit by hand. -->

A signal looks at one request, at what is known of its identity, and says how much more worried to be. It speaks in
*nats* of evidence: 0 is nothing, 0.7 doubles the odds, 2.3 multiplies them by ten, 4.6 by a hundred. Nats add up.

\`score = sigmoid(logit(risk.prior) + sum of nats)\`

| level | score |
|---|---|
| \`low\` | below 0.05 |
| \`elevated\` | below 0.60 |
| \`high\` | below 0.95 |
| \`critical\` | 0.95 and above |

\`risk.prior\` (default 0.01) is the score of a request about which nothing is known: 1.7 nats make it \`elevated\`,
5.1 nats \`high\`, 7.6 nats \`critical\`.

- All findings of one signal together count at most its *cap*, and no cap is above 8.
- Missing information is no evidence. A signal that needs something that is not there says nothing.
- What a client merely claims (a header) can raise the score and never lower it: copying a header must not help.
- A signal that fails is left out and named in the record; the decision is then marked \`degraded\`.
- Reasons have the form \`risk.SIGNAL.REASON\`. Rules and records use them.

`

const TAIL = `
## Settings

Each signal has its own section. Everything has a default, so only what differs is written. An unknown signal or
setting is refused when the configuration is loaded.

\`\`\`yaml
risk:
  prior: 0.01
  signals:
    request-rate: { burstSurprise: 8 }
    token-age: { enabled: false }
\`\`\`

## Adding a signal

Three files, and nothing to register: the directory is the registry.

1. \`src/risk/signals/ID.ts\`: \`export default defineSignal({...})\`. \`id\` is the file name. \`evaluate\` is a pure function
   of its arguments: no clock, no randomness, no input or output, no other signal. It returns \`QUIET\` when it has
   nothing to say, and only reasons that it declares. \`settings\` is a \`z.strictObject\` whose members all have a
   default and a description. \`floor\` below 0 lets a signal reassure, and is only for signals that rest on proved
   facts.
2. \`src/risk/signals/ID.md\`: the operator's page with the sections *What it sees*, *Reasons*, *Settings* and *When to
   turn it off*. The tables must say what the code says.
3. \`test/risk/signals/ID.test.ts\`: a table of quiet cases and a table of findings.

\`test/risk/signals.contract.test.ts\` finds the new signal by itself and holds it to all this. Then regenerate this page
with \`npm run docs\`.
`

/** docs/signals.md as a whole: the overview of what was discovered, and how to add one. */
export function describeSignals(signals: readonly Signal[]): string {
  const rows = signals.map(
    ({ id, summary, cap }) => `| [\`${id}\`](../src/risk/signals/${id}.md) | ${summary} | ${cap} |`,
  )
  const reasons = signals.flatMap((s) =>
    Object.entries(s.reasons).map(([reason, sentence]) => `| \`risk.${s.id}.${reason}\` | ${sentence} |`),
  )
  const table = (head: string, lines: readonly string[]) => `${head}\n${lines.join('\n')}\n`
  return [
    HEAD,
    table('| signal | what it sees | cap (nats) |\n|---|---|---|', rows),
    '\n',
    table('| reason | means |\n|---|---|', reasons),
    TAIL,
  ].join('')
}
