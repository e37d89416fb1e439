import { z } from 'zod'

/** Small named pieces that several sections share. Every key has a description: the reference is generated. */

export const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and dashes')
export const sensitivity = z.enum(['low', 'medium', 'high', 'critical'])
export const level = z.enum(['low', 'elevated', 'high', 'critical'])
export const seconds = z.number().int().nonnegative()
export const origin = z
  .string()
  .regex(/^https?:\/\/[^/?#@\s]+$/, 'write an origin, e.g. https://api.example.com, without path')

/** As a browser writes it in `Origin`: never a pattern, and not `null`, which every sandbox has. */
export const webOrigin = z
  .string()
  .regex(
    /^https?:\/\/[^/?#@\s*]+$/,
    'write an origin as browsers send it, e.g. https://app.example.com, without path or *',
  )

/** RFC 9110 section 5.1; compared in lower case. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'write a header name, e.g. x-device-id')
  .toLowerCase()
export const claimName = z.string().regex(/^[^\s]{1,256}$/, 'write the name of a claim, without blanks')
/** `api.example.com`, `api.example.com:8443`, `*.example.com`. */
export const hostPattern = z
  .string()
  .regex(
    /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\](:\d{1,5})?$/,
    'write a host such as api.example.com or *.example.com',
  )
/** `api.example.com`, `*.example.com`. */
export const hostName = z
  .string()
  .regex(
    /^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$|^\[[0-9a-fA-F:.]+\]$/,
    'write a host such as api.example.com or *.example.com, without a port',
  )
export const enforcementMode = z.enum(['enforce', 'observe'])
export const grpcMethod = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.]*\/([A-Za-z_][A-Za-z0-9_]*|\*)$/,
    'write package.Service/Method or package.Service/*',
  )
export const tenantName = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'write a tenant without blanks, at most 128 characters')

/** What a login must have been like. Any one of `acr` satisfies. */
export const requirement = z.strictObject({
  acr: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Accepted authentication context classes, best first.'),
  maxAgeSeconds: seconds.optional().describe('Greatest age of the login (`auth_time`) in seconds.'),
})
