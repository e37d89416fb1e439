import { hash } from 'node:crypto'
import { addressGroup } from './address-group.ts'

/**
 * Where a text stands between 0 (included) and 100 (excluded): the same text always stands at the same place, in every
 * process, and texts are spread evenly. A share of n percent are the texts that stand below n: a smaller share is a part
 * of every larger one.
 */
export function percentileOf(text: string): number {
  return (Number.parseInt(hash('sha256', text).slice(0, 12), 16) / 2 ** 48) * 100
}

/** Who belongs to a share, as far as it matters here. */
interface Sharer {
  readonly state: string
  readonly credential?: { readonly issuer: string; readonly session: { readonly id: string } }
}

/**
 * Which text stands for a caller: a session by its issuer and id, everybody else by the client's address, where an IPv6 /64
 * is one. Not by the credential: a refused one could be shaken until it falls into the share that suits.
 */
export const sharerOf = ({ credential }: Sharer, address = ''): string =>
  credential === undefined
    ? `address\n${addressGroup(address)}`
    : `session\n${credential.issuer}\n${credential.session.id}`
