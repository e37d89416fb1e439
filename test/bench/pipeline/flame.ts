/** A CPU profile as V8 writes it, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[] | undefined
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

interface Frame {
  readonly name: string
  us: number
  readonly children: Map<string, Frame>
}

const WIDTH = 1600
const ROW = 17
/** Narrower frames cannot be seen. */
const LEAST = 0.6
const CHARACTER = 6.2

/** Time by stack, from the root; calls of one function in one place are one frame. */
function merge({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const root: Frame = { name: 'all', us: 0, children: new Map() }
  for (const [index, id] of samples.entries()) {
    const us = timeDeltas[index] ?? 0
    let frame = root
    root.us += us
    for (const name of stackOf(id, byId, parents)) {
      const child = frame.children.get(name) ?? { name, us: 0, children: new Map() }
      frame.children.set(name, child)
      child.us += us
      frame = child
    }
  }
  return root
}

type Nodes = ReadonlyMap<number, CpuProfile['nodes'][number]>

/** Names from the outermost call to the innermost. */
function stackOf(id: number, nodes: Nodes, parents: ReadonlyMap<number, number>): string[] {
  const stack: string[] = []
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const node = nodes.get(at)
    if (node !== undefined && node.callFrame.functionName !== '(root)') stack.unshift(nameOf(node.callFrame))
  }
  return stack
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const file = /(?:src|node_modules|test)\/.*$/.exec(url)?.[0] ?? url
  const place = file === '' ? '' : ` ${file}:${lineNumber + 1}`
  return `${functionName || '(anonymous)'}${place}`
}

/** A flame graph: width is time, what stands below was called by what stands above it. */
export function flameGraph(profile: CpuProfile): string {
  const root = merge(profile)
  const boxes: string[] = []
  const scale = WIDTH / root.us
  let depth = 0
  const draw = (frame: Frame, x: number, level: number) => {
    const width = frame.us * scale
    if (width < LEAST) return
    depth = Math.max(depth, level)
    boxes.push(box(frame, x, level, width, root.us))
    let at = x
    const children = [...frame.children.values()].sort((a, b) => b.us - a.us)
    for (const child of children) {
      draw(child, at, level + 1)
      at += child.us * scale
    }
  }
  draw(root, 0, 0)
  const height = (depth + 1) * ROW
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...boxes,
    '</svg>\n',
  ].join('\n')
}

function box({ name, us }: Frame, x: number, level: number, width: number, all: number): string {
  const share = `${((100 * us) / all).toFixed(1)} %`
  const room = Math.floor((width - 4) / CHARACTER)
  const label = room < 3 ? '' : escaped(name.slice(0, room))
  const [left, top] = [x.toFixed(1), level * ROW]
  return (
    `<g><title>${escaped(name)}: ${share}</title>` +
    `<rect x="${left}" y="${top}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colourOf(name)}"/>` +
    `<text x="${(x + 2).toFixed(1)}" y="${top + 12}">${label}</text></g>`
  )
}

/** By whose code it is, so that own, libraries' and the platform's can be told apart at a glance. */
function colourOf(name: string): string {
  if (name.includes(' src/')) return '#f4b183'
  if (name.includes(' node_modules/')) return '#ffe699'
  return name.includes('garbage collector') ? '#d9d9d9' : '#bdd7ee'
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
