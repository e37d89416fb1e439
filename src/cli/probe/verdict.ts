/** What came of one question. */
export interface Verdict {
  readonly name: 'allowed' | 'denied' | 'attachment'
  readonly isGood: boolean
  /** One sentence. */
  readonly says: string
  /** What to do, or to look at. */
  readonly fix?: string | undefined
  /** What is not wrong and should be known. */
  readonly notes?: readonly string[] | undefined
  /** Of the answer, for programs. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** Why a connection did not come about, from the words of Node and OpenSSL. */
export function connectionFault(message: string): { readonly says: string; readonly fix: string } {
  const found = FAULTS.find(([pattern]) => pattern.test(message))
  return {
    says: message,
    fix: found?.[1] ?? 'Look at the address, at the network and at what listens there.',
  }
}

const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN|Name resolution/i, 'The name is not known here: look at the address, or at DNS.'],
  [/ECONNREFUSED|ENOENT/, 'Nothing listens there: is it running and ready, and is this its port?'],
  [
    /altnames|does not match certificate|Hostname\/IP/i,
    'Its certificate is for another name: say which with --server-name.',
  ],
  [
    /alert (?:number )?(?:116|42|48|46)|alert certificate required|certificate required|alert bad certificate|alert unknown ca|unknown ca/i,
    'It wants a client certificate of its CA: give --cert and --key (server.tls.clientCaFile).',
  ],
  [
    /self.signed|unable to (?:verify|get)|issuer certificate|certificate has expired|not yet valid/i,
    'Its certificate is not of a CA that is known here, or not valid now: give its CA with --ca.',
  ],
  [
    /wrong version number|packet length too long|before secure TLS|EPROTO|record layer/i,
    'What listens there speaks no TLS: where the mesh does TLS, or there is none, say --plaintext (or http://).',
  ],
  [
    /ECONNRESET|EPIPE|socket hang up|Connection (?:dropped|closed)|Failed to connect|Protocol error/i,
    'The connection was closed at once: one side speaks TLS and the other does not, it wants a client certificate (--cert, --key), or the mesh or a NetworkPolicy refuses it.',
  ],
  [
    /ETIMEDOUT|ECONNABORTED|deadline|timed? ?out/i,
    'No answer in time: a NetworkPolicy or firewall may drop it, or it is overloaded. --timeout SECONDS waits longer.',
  ],
  [
    /UNIMPLEMENTED|unimplemented|404/,
    'What listens there answers no checks: is this the gRPC port of Vigil (server.listen, 9000)?',
  ],
]
