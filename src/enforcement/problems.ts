import type { Problem } from '../errors.ts'
import { CANARY_TITLE } from '../lib/canary.ts'

/** What a caller is told for each problem (RFC 9457 body, RFC 6750/9449 error). Never which signal, rule or score. */
export interface ProblemShape {
  readonly status: number
  readonly title: string
  /** The OAuth error code of the challenge and the body. */
  readonly error?: string
  readonly description?: string
  /** Sends WWW-Authenticate. */
  readonly challenges: boolean
  /** Short plain text for callers over gRPC and its kin: it becomes grpc-message. */
  readonly rpcMessage: string
  /** `reason` of google.rpc.ErrorInfo: what their programs act on. */
  readonly rpcReason: string
}

export const PROBLEMS: Readonly<Record<Problem, ProblemShape>> = {
  'authentication-required': {
    status: 401,
    title: 'Authentication required',
    challenges: true,
    rpcMessage: 'authentication required',
    rpcReason: 'AUTHENTICATION_REQUIRED',
  },
  'invalid-request': {
    status: 400,
    title: 'Invalid request',
    error: 'invalid_request',
    description: 'The request is malformed or carries more than one credential',
    challenges: true,
    rpcMessage: 'invalid request',
    rpcReason: 'INVALID_REQUEST',
  },
  'invalid-token': {
    status: 401,
    title: 'Invalid access token',
    error: 'invalid_token',
    description: 'The access token is invalid or expired',
    challenges: true,
    rpcMessage: 'invalid access token',
    rpcReason: 'INVALID_TOKEN',
  },
  'dpop-key-binding': {
    status: 401,
    title: 'Invalid access token',
    error: 'invalid_token',
    description: 'Invalid DPoP key binding',
    challenges: true,
    rpcMessage: 'invalid DPoP key binding',
    rpcReason: 'INVALID_TOKEN',
  },
  'invalid-dpop-proof': {
    status: 401,
    title: 'Invalid DPoP proof',
    error: 'invalid_dpop_proof',
    description: 'The DPoP proof is missing or invalid',
    challenges: true,
    rpcMessage: 'invalid DPoP proof',
    rpcReason: 'INVALID_DPOP_PROOF',
  },
  'dpop-nonce-required': {
    status: 401,
    title: 'DPoP nonce required',
    error: 'use_dpop_nonce',
    description: 'Resource server requires nonce in DPoP proof',
    challenges: true,
    rpcMessage: 'DPoP nonce required',
    rpcReason: 'DPOP_NONCE_REQUIRED',
  },
  'insufficient-scope': {
    status: 403,
    title: 'Insufficient scope',
    error: 'insufficient_scope',
    description: 'The request requires higher privileges than provided by the access token',
    challenges: true,
    rpcMessage: 'insufficient scope',
    rpcReason: 'INSUFFICIENT_SCOPE',
  },
  'access-denied': {
    status: 403,
    title: 'Access denied',
    challenges: false,
    rpcMessage: 'access denied',
    rpcReason: 'ACCESS_DENIED',
  },
  canary: {
    status: 403,
    title: CANARY_TITLE,
    challenges: false,
    rpcMessage: 'canary refused',
    rpcReason: 'CANARY',
  },
  'request-too-large': {
    status: 413,
    title: 'Request too large',
    challenges: false,
    rpcMessage: 'request too large',
    rpcReason: 'REQUEST_TOO_LARGE',
  },
  unavailable: {
    status: 503,
    title: 'Service unavailable',
    challenges: false,
    rpcMessage: 'authorization unavailable',
    rpcReason: 'UNAVAILABLE',
  },
}

export const ACCESS_DENIED_DETAIL =
  'This request was refused by policy. Quote the instance identifier to support.'
