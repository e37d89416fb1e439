import { z } from 'zod'

/** Small named pieces that several sections share. Every key has a description: the reference is generated. */

export const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and dashes')
export const sensitivity = z.enum(['low', 'medium', 'high', 'critical'])
export const level = z.enum(['low', 'elevated', 'high', 'critical'])
export const seconds = z.number().int().nonnegative()
export const origin = z
  .string()
  .regex(/^https?:\/\/[^/?#@\s]+$/, 'write an origin, e.g. https://api.example.com, without path')

/** What a login must have been like. Any one of `acr` satisfies. */
export const requirement = z.strictObject({
  acr: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Accepted authentication context classes, best first.'),
  maxAgeSeconds: seconds.optional().describe('Greatest age of the login (`auth_time`) in seconds.'),
})
