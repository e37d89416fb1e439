import type { SettingsProblem } from '../errors.ts'
import { SECRET_HEADERS } from '../lib/secret-headers.ts'
import type { PostureSettings } from './schema/posture.ts'
import type { Settings } from './schema/settings.ts'
import { checkKeys } from './semantic-keys.ts'
import { duplicates } from './semantic-names.ts'

/** Headers that are read or kept must not be those that carry a credential. */
export function checkHeaders(settings: Settings): SettingsProblem[] {
  const { device, requestHeaders } = settings.context
  // A posture token is a credential, too: who has it can show it.
  const isSecret = (header: string) =>
    SECRET_HEADERS.has(header) || header === device.posture?.header || /^x[-_]vigil[-_]/.test(header)
  const refusal = (header: string) =>
    `"${header}" carries a credential or this service's own word; it cannot be read here`
  const id = isSecret(device.idHeader)
    ? [{ path: ['context', 'device', 'idHeader'], message: refusal(device.idHeader) }]
    : []
  const fingerprints = settings.entrypoints.flatMap(({ fingerprintHeader: header }, i) =>
    header !== undefined && isSecret(header)
      ? [{ path: ['entrypoints', i, 'fingerprintHeader'], message: refusal(header) }]
      : [],
  )
  const read = requestHeaders.flatMap((header, i) =>
    isSecret(header) ? [{ path: ['context', 'requestHeaders', i], message: refusal(header) }] : [],
  )
  return [...id, ...fingerprints, ...read, ...checkPosture(device.posture)]
}

function checkPosture(posture: PostureSettings | undefined): SettingsProblem[] {
  if (posture === undefined) return []
  const path = ['context', 'device', 'posture']
  const taken = SECRET_HEADERS.has(posture.header) || /^x[-_]vigil[-_]/.test(posture.header)
  return [
    ...(taken
      ? [{ path: [...path, 'header'], message: `"${posture.header}" carries something else already` }]
      : []),
    ...duplicates(
      posture.issuers.map(({ issuer }) => issuer),
      (i) => [...path, 'issuers', i, 'issuer'],
      'issuer of postures',
    ),
    ...posture.issuers.flatMap((issuer, i) => checkKeys(issuer, [...path, 'issuers', i])),
    ...duplicates(posture.claims, (i) => [...path, 'claims', i], 'claim of this list'),
  ]
}
