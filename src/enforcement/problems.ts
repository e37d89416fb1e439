import type { Problem } from '../errors.ts'

/** What a caller is told for each problem (RFC 9457 body, RFC 6750/9449 error). Never which signal, rule or score. */
export interface ProblemShape {
  readonly status: number
  readonly title: string
  /** The OAuth error code of the challenge and the body. */
  readonly error?: string
  readonly description?: string
  /** Sends WWW-Authenticate. */
  readonly challenges: boolean
  /** Short plain text for gRPC callers: it becomes grpc-message. */
  readonly grpcMessage: string
  /** Where Envoy's mapping of the HTTP status is not the right gRPC status. */
  readonly grpcStatus?: number
}

export const PROBLEMS: Readonly<Record<Problem, ProblemShape>> = {
  'authentication-required': {
    status: 401,
    title: 'Authentication required',
    challenges: true,
    grpcMessage: 'authentication required',
  },
  'invalid-request': {
    status: 400,
    title: 'Invalid request',
    error: 'invalid_request',
    description: 'The request is malformed or carries more than one credential',
    challenges: true,
    grpcMessage: 'invalid request',
    grpcStatus: 3,
  },
  'invalid-token': {
    status: 401,
    title: 'Invalid access token',
    error: 'invalid_token',
    description: 'The access token is invalid or expired',
    challenges: true,
    grpcMessage: 'invalid access token',
  },
  'dpop-key-binding': {
    status: 401,
    title: 'Invalid access token',
    error: 'invalid_token',
    description: 'Invalid DPoP key binding',
    challenges: true,
    grpcMessage: 'invalid DPoP key binding',
  },
  'invalid-dpop-proof': {
    status: 401,
    title: 'Invalid DPoP proof',
    error: 'invalid_dpop_proof',
    description: 'The DPoP proof is missing or invalid',
    challenges: true,
    grpcMessage: 'invalid DPoP proof',
  },
  'dpop-nonce-required': {
    status: 401,
    title: 'DPoP nonce required',
    error: 'use_dpop_nonce',
    description: 'Resource server requires nonce in DPoP proof',
    challenges: true,
    grpcMessage: 'DPoP nonce required',
  },
  'insufficient-scope': {
    status: 403,
    title: 'Insufficient scope',
    error: 'insufficient_scope',
    description: 'The request requires higher privileges than provided by the access token',
    challenges: true,
    grpcMessage: 'insufficient scope',
  },
  'access-denied': {
    status: 403,
    title: 'Access denied',
    challenges: false,
    grpcMessage: 'access denied',
  },
  'request-too-large': {
    status: 413,
    title: 'Request too large',
    challenges: false,
    grpcMessage: 'request too large',
  },
  unavailable: {
    status: 503,
    title: 'Service unavailable',
    challenges: false,
    grpcMessage: 'authorization unavailable',
  },
}

export const ACCESS_DENIED_DETAIL =
  'This request was refused by policy. Quote the instance identifier to support.'
