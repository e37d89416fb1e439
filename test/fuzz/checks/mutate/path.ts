/** Other paths, and other spellings of a path: some are the same path, some another, some both for different readers. */
import { choose, type Mutators, rest } from './mutation.ts'

/** Of other actions, which ask for more or for less. */
const PATHS = [
  '/v1/items',
  '/v1/items/7',
  '/v1/items/admin',
  '/v1/items/slow',
  '/v1/accounts/a1/transfers',
  '/v1/accounts/a9/transfers',
  '/v1/launch',
  '/v1/me',
  '/status',
  '/status/',
  '/files/secret/a',
  '/files/a',
  '/shop.Orders/Ping',
  '/shop.Orders/List',
  '/mcp',
  '/mcp/',
  '/v1/mcp',
  '/nowhere',
  '/',
  '*',
  '',
] as const

type Respell = (path: string, at: number, text: string) => string

const escaped = (c: string) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`
const last = (path: string, between: string) => path.replace(/\/([^/]*)$/, `${between}$1`)
const letters = (path: string, change: (c: string) => string) => path.replace(/[A-Za-z0-9]/g, change)
const insert = (path: string, at: number, what: string) => path.slice(0, at) + what + path.slice(at)

/** Escapes: of letters, once and twice, in either case. */
const ESCAPED: readonly [Respell, ...Respell[]] = [
  (path, at) => path.slice(0, at) + escaped(path[at] ?? 'a') + path.slice(at + 1),
  (path, at) => path.slice(0, at) + escaped(path[at] ?? 'a').replace('%', '%25') + path.slice(at + 1),
  (path) => letters(path, escaped),
  (path) => letters(path, (c) => escaped(c).replace('%', '%25')),
  (path, at) => path.slice(0, at) + escaped(path[at] ?? 'a').toUpperCase() + path.slice(at + 1),
]

/** Slashes: escaped, doubled, turned over, at the end. */
const SLASHES: readonly [Respell, ...Respell[]] = [
  (path) => `/${path.slice(1).replaceAll('/', '%2f')}`,
  (path) => last(path, '%2F'),
  (path) => last(path, '%5c'),
  (path) => last(path, '\\'),
  (path) => last(path, '%252f'),
  (path) => last(path, '//'),
  (path) => `/${path}`,
  (path) => `${path}/`,
  (path) => `${path}%2fadmin`,
  (path) => `${path}/admin`,
  (path) => path.replaceAll('/', '%2f'),
]

const DOTS: readonly [Respell, ...Respell[]] = [
  (path) => last(path, '/./'),
  (path) => last(path, '/x/../'),
  (path) => last(path, '/x/%2e%2e/'),
  (path) => last(path, '/x/..;/'),
  (path) => last(path, '/x/.%2e/'),
  (path) => `${path}/.`,
  (path) => `${path}/..`,
  (path) => `${path}/..%2fadmin`,
  (path) => `/x/..${path}`,
  (path) => `/status/..${path}`,
  (path) => `${path};/../..`,
]

const TAILS: readonly [Respell, ...Respell[]] = [
  (path) => `${path};a=b`,
  (path) => `${path}%3ba=b`,
  (path) => `${path}?access_token=x`,
  (path) => `${path}?a=b&ACCESS%5fTOKEN=x`,
  (path) => `${path}?access.token=x`,
  (path) => `${path}?a=b`,
  (path) => `${path}?a=/../..`,
  (path) => `${path}#f`,
  (path) => `${path}?a#access_token=x`,
  (path) => `${path}%00`,
  (path) => `${path}%c0%af`,
  (path) => `${path} `,
  (path) => `${path}%`,
  (path) => path.toUpperCase(),
  (path) => `https://api.example.com${path}`,
  (path, at) => insert(path, at, '\t'),
  (path, at) => insert(path, at, 'é'),
  (path, at, text) => insert(path, at, text),
]

/** Where nobody lives, below this path or any other; and what is no canary. */
const CANARIES: readonly [Respell, ...Respell[]] = [
  (path) => `${path}/.well-known/vigil-canary`,
  () => '/.well-known/vigil-canary',
  () => '/files/.well-known/vigil-canary?a=b',
  () => '/.well-known/vigil-canary?access_token=x',
  () => '/.well-known/vigil-canary#f',
  () => '/a;b/.well-known/vigil-canary',
  () => '/.well-known/vigil-canary/',
  () => '/.well-known/vigil%2dcanary',
]

const respell =
  (ways: readonly [Respell, ...Respell[]]): Mutators[string] =>
  (draft, { n, text }) => {
    const { path } = draft
    draft.path = choose(ways, n)(path, rest(n, ways.length) % Math.max(1, path.length), text)
  }

export const pathMutators: Mutators = {
  'path other': (draft, { n }) => {
    draft.path = choose(PATHS, n)
  },
  'path canary': respell(CANARIES),
  'path escaped': respell(ESCAPED),
  'path slashes': respell(SLASHES),
  'path dots': respell(DOTS),
  'path tail': respell(TAILS),
}
