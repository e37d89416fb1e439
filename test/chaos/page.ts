/** docs/reliability.md and its picture, from the figures of the last full campaign. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/root.ts'
import type { Row } from './campaign.ts'
import type { Figures } from './main.ts'
import { happened, seconds, wrongOf } from './table.ts'

export const TABLE_HEAD = '| what breaks |'
export const MACHINE_HEAD = '| measured |'

export const readFigures = (): Figures =>
  JSON.parse(readFileSync(join(ROOT, 'docs', 'figures', 'chaos.json'), 'utf8')) as Figures

/** Every fault with what was promised and what happened. */
export function faultTable({ rows }: Figures): string {
  const head = `${TABLE_HEAD} promised | happened | wrong allows | p99 | recovery | |\n|---|---|---|---|---|---|---|`
  const lines = rows.map((row) => {
    const cells = [
      row.title,
      row.says,
      [happened(row.during), ...row.notes].join('; '),
      String(wrongOf(row)) +
        (row.repeats > 0 ? ` (${row.repeats} [repeated](#what-a-repeated-proof-is))` : ''),
      `${row.p99Ms.toFixed(0)} ms`,
      seconds(row.recoveryMs),
      row.flaws.length === 0 ? 'as promised' : `**differs**: ${row.flaws.join('; ')}`,
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return [head, ...lines].join('\n')
}

/** With what, and how much. */
export function machineTable({ at, isShort, machine, envoy, engine, capacity, rows }: Figures): string {
  const requests = rows.reduce((sum, row) => sum + requestsOf(row), 0)
  const lines = [
    ['on', at.slice(0, 10)],
    [
      'campaign',
      isShort ? 'short: two seconds for each fault, and more patience' : 'full: ten seconds for each fault',
    ],
    [
      'machine',
      `${machine.cpus} cores, ${machine.model}, ${machine.memoryGiB} GiB, shared by everything that takes part`,
    ],
    ['with', `Envoy ${envoy}, ${engine}, Node ${machine.node}`],
    ['the whole of it answers', `${capacity} requests/s`],
    [
      'load',
      `${Math.max(...rows.map(({ perSecond }) => perSecond))} requests/s at most, ${requests} while something was broken`,
    ],
  ]
  return [`${MACHINE_HEAD} |\n|---|---|`, ...lines.map((line) => `| ${line.join(' | ')} |`)].join('\n')
}

const requestsOf = ({ during }: Row): number =>
  Object.values(during)
    .flatMap((counts) => Object.values(counts))
    .reduce((sum, count) => sum + count, 0)

const BAR = { height: 18, gap: 6, left: 190, width: 420, right: 60, top: 30 }

/** A bar for each fault: how long after its end until everything passed again. */
export function recoveryPicture({ rows }: Figures): string {
  const most = Math.max(1000, ...rows.map(({ recoveryMs = 0 }) => recoveryMs))
  const height = BAR.top + rows.length * (BAR.height + BAR.gap) + 10
  const width = BAR.left + BAR.width + BAR.right
  const bars = rows.map((row, i) => barOf(row, BAR.top + i * (BAR.height + BAR.gap), most))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Seconds from the end of each fault until everything passed again">`,
    '<style>text{font:12px sans-serif;fill:#333}rect{fill:#4a7bb5}.flaw{fill:#c0392b}.ground{fill:#fff}</style>',
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text x="${BAR.left}" y="18">seconds from the end of a fault until everything passed again</text>`,
    ...bars,
    '</svg>\n',
  ].join('\n')
}

function barOf({ name, recoveryMs, flaws }: Row, y: number, most: number): string {
  const long = ((recoveryMs ?? most) / most) * BAR.width
  const middle = y + BAR.height - 5
  const kind = flaws.length === 0 ? '' : ' class="flaw"'
  return [
    `<text x="${BAR.left - 8}" y="${middle}" text-anchor="end">${name}</text>`,
    `<rect${kind} x="${BAR.left}" y="${y}" width="${Math.max(2, long).toFixed(1)}" height="${BAR.height}"/>`,
    `<text x="${(BAR.left + Math.max(2, long) + 6).toFixed(1)}" y="${middle}">${seconds(recoveryMs)}</text>`,
  ].join('')
}
