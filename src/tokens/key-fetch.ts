import { Buffer, isUtf8 } from 'node:buffer'
import { errorName } from '../lib/error-name.ts'
import { parseStrictObject } from './json.ts'

/** Why keys could not be loaded. The message is made here, never taken from what was received. */
export class KeyLoadError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'KeyLoadError'
  }
}

export const MAX_DOCUMENT_BYTES = 512 * 1024
const MAX_DOCUMENT_DEPTH = 16
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * Keys decide who may call, so they come over https, or over http from this very host.
 * @returns what is wrong with the address, or undefined
 */
export function addressProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is not a URL'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))) return undefined
  return 'must use https (http only on a loopback address)'
}

/** Where an issuer's metadata may stand: RFC 8414 section 3.1 first, then OpenID Connect Discovery 1.0 section 4. */
export function metadataUrls(issuer: string): readonly [oauth: string, openid: string] {
  const url = new URL(issuer)
  const path = url.pathname.replace(/\/$/, '')
  return [
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
    `${url.origin}${path}/.well-known/openid-configuration`,
  ]
}

/** Reads the key set at `uri`. @throws KeyLoadError */
export async function fetchKeys(
  fetcher: typeof fetch,
  uri: string,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  return keysOf(await fetchObject(fetcher, uri, signal))
}

/**
 * Finds the key set through the issuer's metadata, whose `issuer` must be ours exactly (RFC 8414 section 3.3).
 * @throws KeyLoadError
 */
export async function discoverKeys(
  fetcher: typeof fetch,
  issuer: string,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const failures: string[] = []
  for (const url of metadataUrls(issuer)) {
    try {
      const uri = jwksUriOf(await fetchObject(fetcher, url, signal), issuer)
      return await fetchKeys(fetcher, uri, signal)
    } catch (error) {
      if (!(error instanceof KeyLoadError)) throw error
      failures.push(error.message)
    }
  }
  throw new KeyLoadError(`discovery failed: ${failures.join('; then ')}`)
}

function jwksUriOf(metadata: Record<string, unknown>, issuer: string): string {
  if (metadata['issuer'] !== issuer) throw new KeyLoadError('the metadata names another issuer')
  const uri = metadata['jwks_uri']
  if (typeof uri !== 'string') throw new KeyLoadError('the metadata names no jwks_uri')
  const problem = addressProblem(uri)
  if (problem !== undefined) throw new KeyLoadError(`jwks_uri ${problem}`)
  return uri
}

/** `keys` of a key set document (RFC 7517 section 5). @throws KeyLoadError */
export function keysOf(document: Readonly<Record<string, unknown>>): readonly unknown[] {
  const keys = document['keys']
  if (!Array.isArray(keys)) throw new KeyLoadError('the key set has no list `keys`')
  return keys
}

/** Reads a document that must be one JSON object without duplicate members. @throws KeyLoadError */
export function parseDocument(bytes: Buffer): Record<string, unknown> {
  if (!isUtf8(bytes)) throw new KeyLoadError('the document is not UTF-8')
  const parsed = parseStrictObject(bytes.toString('utf8'), MAX_DOCUMENT_DEPTH)
  if (parsed.ok) return parsed.value
  throw new KeyLoadError(`the document is not a well-formed JSON object (${parsed.flaw})`)
}

async function fetchObject(
  fetcher: typeof fetch,
  url: string,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const response = await request(fetcher, url, signal)
  if (response.status !== 200) {
    await response.body?.cancel()
    // A redirect is not followed: the address that was checked would not be the one that answers.
    throw new KeyLoadError(`${shown(url)} answered ${response.status}`)
  }
  return parseDocument(await readCapped(response, url))
}

async function request(fetcher: typeof fetch, url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetcher(url, { signal, redirect: 'manual', headers: { accept: 'application/json' } })
  } catch (error) {
    throw new KeyLoadError(`${shown(url)} could not be fetched (${errorName(error)})`, { cause: error })
  }
}

async function readCapped(response: Response, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > MAX_DOCUMENT_BYTES)
        throw new KeyLoadError(`${shown(url)} answered more than ${MAX_DOCUMENT_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof KeyLoadError) throw error
    throw new KeyLoadError(`${shown(url)} broke off (${errorName(error)})`, { cause: error })
  }
  return Buffer.concat(chunks)
}

/** An address without its query, which may hold a credential. */
const shown = (url: string) => url.replace(/[?#].*$/, '')
