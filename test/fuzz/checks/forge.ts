/** A draft becomes the bytes of a CheckRequest. */
import { encodeRequest } from '../../../src/check/wire.ts'
import { issueHop } from './base.ts'
import type { Draft, Pair } from './draft.ts'
import { compactOf } from './jwt.ts'
import { sha256 } from './keys.ts'
import { BEFORE_ENCODING, BEFORE_SIGNING, ENCODED } from './mutate/index.ts'
import type { Around, Mutation, Mutators } from './mutate/mutation.ts'

/** Signs what must be signed and writes it into the headers; then the mutations act, each at its own moment. */
export function mint(draft: Draft, mutations: readonly Mutation[], around: Around): void {
  act(BEFORE_SIGNING, draft, mutations, around)
  const token = draft.token && compactOf(draft.token, true)
  const shown: Pair[] = []
  if (token !== undefined) {
    const { carriage } = draft
    shown.push(
      carriage.kind === 'cookie'
        ? ['cookie', `theme=dark; ${carriage.name}=${token}`]
        : ['authorization', `${carriage.scheme} ${token}`],
    )
  }
  if (draft.proof !== undefined) {
    const { claims } = draft.proof
    if (!('ath' in claims) && token !== undefined) claims['ath'] = sha256(token)
    shown.push(['dpop', compactOf(draft.proof, false)])
  }
  if (draft.posture !== undefined) shown.push([draft.postureHeader, compactOf(draft.posture, true)])
  const hop = token === undefined ? undefined : issueHop(draft, sha256(token), around.ledger)
  if (hop !== undefined) shown.push(['x-vigil-hop', hop])
  draft.headers.unshift(...shown)
  act(BEFORE_ENCODING, draft, mutations, around)
  act(ENCODED, draft, mutations, around)
}

function act(mutators: Mutators, draft: Draft, mutations: readonly Mutation[], around: Around) {
  for (const mutation of mutations) mutators[mutation.name]?.(draft, mutation, around)
}

/** The message as Envoy would write it, then with the bytes changed that shall be. */
export function encode(draft: Draft): Buffer {
  const { source, destination, form } = draft
  const peer = ({ ip, port }: { ip: string; port: number }) => ({
    socket_address: { address: ip, port_value: port },
  })
  const message = {
    attributes: {
      source: { address: peer(source), principal: source.principal, certificate: source.certificate },
      destination: { address: peer(destination), principal: destination.principal },
      request: {
        time: { seconds: draft.timeSeconds, nanos: 5 },
        http: {
          id: draft.streamId,
          method: draft.method,
          path: draft.path,
          host: draft.host,
          scheme: draft.scheme,
          protocol: draft.protocol,
          ...(form === 'raw' ? {} : { headers: joined(draft.headers) }),
          ...(form === 'joined' ? {} : { header_map: { headers: raw(draft.headers) } }),
        },
      },
      context_extensions: draft.extensions,
    },
  }
  return draft.bytes.reduce((bytes, change) => change(bytes), encodeRequest(message))
}

/** Envoy joins repeats with a comma. */
function joined(headers: readonly Pair[]): Record<string, string> {
  const all: Record<string, string> = {}
  for (const [name, value] of headers) {
    const before = Object.hasOwn(all, name) ? all[name] : undefined
    Object.defineProperty(all, name, {
      value: before === undefined ? value : `${before},${value}`,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return all
}

const raw = (headers: readonly Pair[]) =>
  headers.map(([key, value]) => ({ key, raw_value: Buffer.from(value, 'latin1') }))
