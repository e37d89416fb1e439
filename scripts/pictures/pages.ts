import type { Machine } from '../../test/bench/machine.ts'
import {
  grpcTable,
  latencySpec,
  latenessText,
  memoryTable,
  pipelineTable,
  ratesTable,
  throughputSpec,
} from './bench.ts'
import { withBlocks } from './blocks.ts'
import { drawn, titled } from './chart.ts'
import { addedSpec, latencyTable, throughputTable } from './envoy.ts'
import { COMMANDS, figures, provenance } from './figures.ts'
import { countSentence, goalTables } from './goals.ts'
import { CURVE_PICTURES } from './growth.ts'
import { lineSpec } from './lines.ts'
import { costsTable, EXAMPLE, exampleText, hotText, unitCosts } from './scaling.ts'
import { shortTable } from './short.ts'
import { capacityText, checksTable, coresTable, costsOf, residentText } from './sizing.ts'

/** A page, or parts of it, or a picture, that is made from figures. */
export interface FigurePage {
  readonly file: string
  readonly generate: (current: string) => string
}

const PICTURES = 'docs/pictures'

/** Pictures in the order in which they were asked for, by the name of their file. */
type Pictures = Map<string, string>

/** Draws a picture and says how a page shows it. */
async function picture(into: Pictures, name: string, spec: object, title: string): Promise<string> {
  into.set(`${PICTURES}/${name}.svg`, await drawn(spec, title))
  return `![${title}](pictures/${name}.svg)`
}

const missing = (name: keyof typeof COMMANDS) =>
  `Not measured yet: \`${COMMANDS[name]}\`, then \`npm run pictures -- ${name}.json\`.`

const source = ({ machine }: { readonly machine: Machine }) => `*${provenance(machine)}.*`

/** All that docs hold of figures, from the files of `docs/figures`. */
export async function figurePages(): Promise<FigurePage[]> {
  const pictures: Pictures = new Map()
  const performance = {
    ...(await summaryBlock(pictures)),
    ...(await benchBlocks(pictures)),
    ...(await envoyBlock(pictures)),
    ...(await growthBlocks(pictures)),
  }
  return [
    { file: 'docs/performance.md', generate: (page) => withBlocks(page, performance) },
    { file: 'docs/sizing.md', generate: (page) => withBlocks(page, sizingBlocks()) },
    { file: 'docs/scaling.md', generate: (page) => withBlocks(page, scalingBlocks()) },
    ...[...pictures].map(([file, svg]) => ({ file, generate: () => svg })),
  ]
}

type Blocks = Record<string, string>

/** The figures that matter: what a core does, how many lines are met, one picture, and the lines by what they hold. */
async function summaryBlock(pictures: Pictures): Promise<Blocks> {
  const bench = figures('bench')
  const envoy = figures('envoy')
  const goals = [...(bench?.goals ?? []), ...(envoy?.goals ?? [])]
  const grpc = bench?.grpc
  const title = 'Checks a core can do, as a share of the empty handler’s'
  const shown =
    grpc === undefined ? missing('bench') : await picture(pictures, 'throughput', throughputSpec(grpc), title)
  const count = goals.length === 0 ? [] : [countSentence(goals)]
  const short = grpc === undefined ? [] : [shortTable(grpc, envoy?.envoy.rows)]
  return { summary: [...short, ...count, shown, ...goalTables(goals)].join('\n\n') }
}

async function benchBlocks(pictures: Pictures): Promise<Blocks> {
  const bench = figures('bench')
  const absent = missing('bench')
  if (bench === undefined) return { grpc: absent, pipeline: absent, memory: absent }
  const { grpc, pipeline, memory } = bench
  const title = 'p50 and p99 of a check at fixed rates'
  return {
    grpc:
      grpc === undefined
        ? absent
        : [
            await picture(pictures, 'latency', latencySpec(grpc), title),
            grpcTable(grpc),
            ratesTable(grpc),
            latenessText(grpc),
            source(bench),
          ]
            .filter((part) => part !== '')
            .join('\n\n'),
    pipeline: pipeline === undefined ? absent : `${pipelineTable(pipeline)}\n\n${source(bench)}`,
    memory: memory === undefined ? absent : `${memoryTable(memory)}\n\n${source(bench)}`,
  }
}

async function envoyBlock(pictures: Pictures): Promise<Blocks> {
  const found = figures('envoy')
  if (found === undefined) return { envoy: missing('envoy') }
  const { rows } = found.envoy
  const title = 'p50 that a check adds to Envoy'
  return {
    envoy: [
      await picture(pictures, 'envoy', addedSpec(rows), title),
      throughputTable(rows),
      latencyTable(rows),
      source(found),
    ].join('\n\n'),
  }
}

/** Each curve with the line that explains it. */
async function growthBlocks(pictures: Pictures): Promise<Blocks> {
  const blocks: Blocks = {}
  for (const { name, title, x, panels, names, explain } of CURVE_PICTURES) {
    const found = figures(`growth-${name}`)
    blocks[`growth-${name}`] =
      found === undefined
        ? missing('growth')
        : [
            await picture(
              pictures,
              `growth-${name}`,
              titled(lineSpec(found.series, x, panels, names), title, [
                'Points: medians; bars: from the least round to the greatest.',
              ]),
              title,
            ),
            explain(found.series),
            source(found),
          ].join('\n\n')
  }
  return blocks
}

function sizingBlocks(): Blocks {
  const bench = figures('bench')
  const grpc = bench?.grpc
  const absent = missing('bench')
  const costs = grpc && costsOf(grpc)
  return {
    'sizing-checks':
      bench === undefined || grpc === undefined ? absent : `${checksTable(grpc)}\n\n${source(bench)}`,
    'sizing-capacity': costs === undefined ? absent : capacityText(costs),
    'sizing-resident': bench === undefined ? absent : residentText(bench),
    'sizing-cores': grpc === undefined ? absent : coresTable(grpc),
  }
}

function scalingBlocks(): Blocks {
  const [processes, identities] = [figures('growth-processes'), figures('growth-identities')]
  const costs = unitCosts(processes?.series, identities?.series, figures('bench')?.pipeline)
  const absent = missing('growth')
  if (processes === undefined || costs === undefined) return { costs: absent, example: absent, hot: absent }
  return {
    costs: `${costsTable(costs)}\n\n${source(processes)}`,
    example: exampleText(costs, EXAMPLE),
    hot: hotText(costs),
  }
}
