import type { JwtDraft } from './jwt.ts'
import type { Caller } from './settings.ts'

export type Pair = [name: string, value: string]

/** A request on its way to become a CheckRequest. Mutators change it in place, each at its own stage. */
export interface Draft {
  atMs: number
  caller: Caller
  method: string
  scheme: string
  host: string
  path: string
  protocol: string
  streamId: string
  timeSeconds: number
  source: { ip: string; port: number; principal: string; certificate: string }
  destination: { ip: string; port: number; principal: string }
  extensions: Record<string, string>
  /** `raw`: header_map; `joined`: headers, repeats joined with a comma as Envoy does; `both`: each header in both. */
  form: 'joined' | 'raw' | 'both'
  token: JwtDraft | undefined
  /** How the token is shown. */
  carriage: { readonly kind: 'authorization'; scheme: string } | { readonly kind: 'cookie'; name: string }
  proof: JwtDraft | undefined
  posture: JwtDraft | undefined
  postureHeader: string
  /** Hop that a good edge has set, as it goes into the header. */
  hop: string | undefined
  /** All other headers; after minting the whole list. */
  headers: Pair[]
  /** Done to the encoded message. */
  readonly bytes: ((bytes: Buffer) => Buffer)[]
  /** How the store behaves for this check. */
  store: StoreState
}

/** `down`: it cannot be reached; `garbled`: what it holds of identities has been overwritten; `stuffed`: so have claims. */
export type StoreState = 'good' | 'down' | 'garbled' | 'stuffed' | 'odd'
