import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { Client, credentials, type ServiceError, status, type VerifyOptions } from '@grpc/grpc-js'
import { splitListen } from '../lib/listen.ts'
import { sansOf } from './caller.ts'
import { CHECK_PATH, decodeResponse, encodeRequest, type WireCheckResponse } from './wire.ts'

export interface ClientTls {
  /** PEM; absent: the CAs of the system. */
  readonly ca?: Buffer | undefined
  /** PEM of the client certificate and its key; both or none. */
  readonly cert?: Buffer | undefined
  readonly key?: Buffer | undefined
  /** Name, or SPIFFE ID, that the server's certificate must carry; absent: the host of the address. */
  readonly serverName?: string | undefined
}

export interface CheckClient {
  /**
   * @param request CheckRequest as encodeRequest takes it
   * @throws CheckCallError when there is a gRPC error instead of an answer
   */
  ask(request: object, timeoutMs: number): Promise<WireCheckResponse>
  close(): void
}

/** A gRPC error, which an Envoy takes for no answer. */
export class CheckCallError extends Error {
  /** `UNAVAILABLE`, `DEADLINE_EXCEEDED`, … */
  readonly code: string
  constructor(code: string, details: string) {
    super(details)
    this.name = 'CheckCallError'
    this.code = code
  }
}

const asIs = (bytes: Buffer) => bytes

/**
 * Asks as Envoy does. Loaded only by who asks: grpc-js costs memory and time at start.
 * @param address `host:port` or `unix:/path`
 * @param tls absent: plaintext
 * @throws when certificate and key are none, or do not belong together
 */
export function openCheckClient(address: string, tls: ClientTls | undefined): CheckClient {
  const ip = addressOf(address)
  const channel =
    tls === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null, identityOf(ip, tls))
  // An address is no name to ask for (RFC 6066 section 3), and Node refuses to.
  const name = isSpiffe(tls?.serverName) ? undefined : tls?.serverName
  const asked = tls !== undefined && ip !== undefined ? (name ?? 'localhost') : name
  const client = new Client(address, channel, {
    // A proxy of the environment is not the way that Envoy takes.
    'grpc.enable_http_proxy': 0,
    ...(asked === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': asked, 'grpc.default_authority': asked }),
  })
  return {
    ask: (request, timeoutMs) =>
      new Promise((resolve, reject) => {
        const settle = (error: ServiceError | null, answer?: Buffer) => {
          if (error || answer === undefined) reject(callError(error))
          else decodeInto(answer, resolve, reject)
        }
        client.makeUnaryRequest(CHECK_PATH, asIs, asIs, encodeRequest(request), deadlineIn(timeoutMs), settle)
      }),
    close: () => client.close(),
  }
}

function addressOf(address: string): string | undefined {
  const [host] = splitListen(address)
  return isIP(host) === 0 ? undefined : host
}

const isSpiffe = (name: string | undefined): name is string => name?.startsWith('spiffe://') === true

/** Without a name the certificate must be for the address itself. An X.509-SVID names no host, but one URI. */
function identityOf(ip: string | undefined, { serverName }: ClientTls): VerifyOptions {
  if (isSpiffe(serverName))
    return {
      checkServerIdentity: (_name, { subjectaltname }) => spiffeFault(serverName, subjectaltname ?? ''),
    }
  if (ip === undefined || serverName !== undefined) return {}
  return { checkServerIdentity: (_name, certificate) => checkServerIdentity(ip, certificate) }
}

function spiffeFault(id: string, altNames: string): Error | undefined {
  if (sansOf(altNames).includes(id)) return undefined
  return new Error(`${id} is not in the certificate's altnames: ${altNames}`)
}

const deadlineIn = (ms: number) => {
  const deadline = new Date()
  deadline.setMilliseconds(deadline.getMilliseconds() + ms)
  return { deadline }
}

const callError = (error: ServiceError | null) =>
  new CheckCallError(status[error?.code ?? status.INTERNAL] ?? 'UNKNOWN', causeIn(error?.details ?? ''))

/** grpc-js wraps what the socket said into advice for programmers. */
const causeIn = (details: string): string =>
  details
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\. Resolution note: *$/, '')
    .replace(/ \(\d{4}-\d\d-\d\dT[^)]*\)/, '')
    .trim() || 'no answer'

function decodeInto(
  answer: Buffer,
  resolve: (response: WireCheckResponse) => void,
  reject: (error: Error) => void,
): void {
  try {
    resolve(decodeResponse(answer))
  } catch {
    reject(new CheckCallError('INTERNAL', 'the answer is no CheckResponse'))
  }
}
