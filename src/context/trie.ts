import type { Candidate } from './candidate.ts'
import type { Template, TemplateSegment } from './template.ts'

/** Path templates by segment. Each list stands in catalogue order. */
interface Node {
  readonly literals: Map<string, Node>
  param: Node | undefined
  readonly ends: Candidate[]
  readonly rests: Candidate[]
  readonly slashedRests: Candidate[]
  /** Least order below: a branch that cannot beat what was found is not walked. */
  readonly least: number
}

/** Chooses the earliest candidate of a list that takes the request, if it is earlier than `best`. */
export type Choose = (list: readonly Candidate[], best: Candidate | undefined) => Candidate | undefined

export interface Trie {
  /** Adds a template; candidates must come in rising order. */
  add(template: Template, candidate: Candidate): void
  /** The earliest candidate with a matching template. @param segments as `readSegments` gives them. */
  find(segments: readonly string[], choose: Choose, best: Candidate | undefined): Candidate | undefined
  /** Earlier candidates whose template takes every path of this one. */
  covering(template: Template): readonly Candidate[]
}

export function createTrie(): Trie {
  const root = createNode(0)
  return {
    add: (template, candidate) => add(root, template, candidate),
    find: (segments, choose, best) => find(root, { segments, choose }, 0, best),
    covering: (template) => covering(root, template, 0),
  }
}

const createNode = (least: number): Node => ({
  literals: new Map(),
  param: undefined,
  ends: [],
  rests: [],
  slashedRests: [],
  least,
})

function add(root: Node, template: Template, candidate: Candidate): void {
  let node = root
  for (const segment of template.segments) {
    if (segment.kind === 'rest') {
      const list = template.hasSlash ? node.slashedRests : node.rests
      list.push(candidate)
      return
    }
    node = childFor(node, segment, candidate.order)
  }
  node.ends.push(candidate)
}

function childFor(node: Node, segment: TemplateSegment, order: number): Node {
  if (segment.kind !== 'literal') {
    node.param ??= createNode(order)
    return node.param
  }
  const known = node.literals.get(segment.text)
  if (known !== undefined) return known
  const child = createNode(order)
  node.literals.set(segment.text, child)
  return child
}

interface Walk {
  readonly segments: readonly string[]
  readonly choose: Choose
}

/** Every branch that can match is walked: the earliest candidate wins, not the most exact one. */
function find(node: Node, walk: Walk, depth: number, best: Candidate | undefined): Candidate | undefined {
  if (best !== undefined && node.least >= best.order) return best
  const segment = walk.segments[depth]
  if (segment === undefined) return walk.choose(node.ends, best)
  let found = walk.choose(restsFor(node, walk.segments, depth), best)
  // What a client writes for a parameter is not looked up where no literal stands.
  const literal = node.literals.size === 0 ? undefined : node.literals.get(segment)
  if (literal !== undefined) found = find(literal, walk, depth + 1, found)
  if (node.param !== undefined && segment !== '') found = find(node.param, walk, depth + 1, found)
  return found
}

const NONE: readonly Candidate[] = []

/** A rest takes at least one segment, and a trailing slash only where its template has one. */
function restsFor(node: Node, segments: readonly string[], depth: number): readonly Candidate[] {
  if (segments[segments.length - 1] !== '') return node.rests
  return segments.length - depth > 1 ? node.slashedRests : NONE
}

function covering(node: Node, template: Template, depth: number): readonly Candidate[] {
  const segment = template.segments[depth]
  if (segment === undefined) return node.ends
  const last = template.segments.at(-1)
  const endsInSlash = template.hasSlash || (last?.kind === 'literal' && last.text === '')
  const isOnlySlash = segment.kind === 'literal' && segment.text === ''
  const rests = endsInSlash ? (isOnlySlash ? NONE : node.slashedRests) : node.rests
  if (segment.kind === 'rest') return rests
  const literal = segment.kind === 'literal' ? node.literals.get(segment.text) : undefined
  const below = [literal, isOnlySlash ? undefined : node.param].filter((n) => n !== undefined)
  return [...rests, ...below.flatMap((child) => covering(child, template, depth + 1))]
}
