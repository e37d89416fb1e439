/** Whether somebody vouches for the device of this very caller. */

import type { Asking, Who } from './identity.ts'
import { readJws } from './jws.ts'
import { isAudience, isCurrent, isIssued, typeOf } from './token.ts'

export interface PostureView {
  readonly isAttested: boolean
  readonly disk: unknown
}

const NONE: PostureView = { isAttested: false, disk: undefined }

export function isAttestedBy(
  who: Pick<Who, 'token' | 'methods'>,
  { seen, world, atMs }: Asking,
): PostureView {
  const settings = world.settings.context.device.posture
  const lines = settings && seen.headers.get(settings.header)
  const text = lines?.length === 1 ? lines[0]?.trim() : undefined
  const jws = text === undefined ? undefined : readJws(text)
  if (settings === undefined || text === undefined || jws === undefined) return NONE
  const { header, claims } = jws
  const issuer = settings.issuers.find((each) => each.issuer === claims['iss'])
  if (issuer === undefined || typeOf(header['typ']) !== 'device-posture+jwt' || 'crit' in header) return NONE
  if (!isAudience(claims['aud'], issuer.audiences) || !isCurrent(claims, issuer, atMs / 1000)) return NONE
  if (!isIssued(text, jws, issuer) || !isTied(claims, who)) return NONE
  const posture = claims['posture'] as Record<string, unknown> | undefined
  return { isAttested: true, disk: posture?.['disk'] }
}

function isTied(
  { cnf, sub }: Readonly<Record<string, unknown>>,
  { token, methods }: Pick<Who, 'token' | 'methods'>,
): boolean {
  if (methods.length === 0 || token === undefined) return false
  const { jkt, 'x5t#S256': x5t } = (cnf ?? {}) as Record<string, unknown>
  if (jkt !== undefined && methods.includes('dpop') && jkt === token.jkt) return true
  if (x5t !== undefined && methods.includes('mtls') && x5t === token.x5t) return true
  return token.device !== undefined && token.device === sub
}
