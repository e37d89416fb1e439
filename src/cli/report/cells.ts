import { type Counted, createTop, cutKey } from './top.ts'

/** How something came to be counted: done, let through by observe mode, or only tried by a shadow rule. */
export type Kind = 'enforced' | 'observed' | 'shadow'

/** One rule (or reason), one action, one effect. */
export interface Cell {
  readonly kind: Kind
  readonly decider: string
  readonly action: string
  readonly effect: string
}

export interface Cells {
  count(cell: Cell): void
  list(): readonly Counted<Cell>[]
  readonly isFull: boolean
}

const SEPARATOR = '\u0000'

export function createCells(capacity: number): Cells {
  const top = createTop<undefined>(capacity, () => undefined)
  return {
    count: ({ kind, decider, action, effect }) => {
      top.count([kind, decider, action, effect].map(cutKey).join(SEPARATOR))
    },
    list: () => top.list().map((each) => ({ ...each, kept: cellOf(each.key) })),
    get isFull() {
      return top.isFull
    },
  }
}

function cellOf(key: string): Cell {
  const [kind, decider = '', action = '', effect = ''] = key.split(SEPARATOR)
  return { kind: kind === 'observed' || kind === 'shadow' ? kind : 'enforced', decider, action, effect }
}
