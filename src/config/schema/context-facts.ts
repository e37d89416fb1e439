import { z } from 'zod'
import { NETWORK_CLASSES } from '../../model.ts'

/** The parts of `context` that facts are made of, one per fact. */

const networkClass = z.strictObject({
  class: z.enum(NETWORK_CLASSES).describe('Class of the networks that are listed here.'),
  networks: z.array(z.string()).default([]).describe('Addresses or networks (CIDR).'),
  asns: z
    .array(z.number().int().min(1).max(4_294_967_295))
    .default([])
    .describe('Numbers of autonomous systems.'),
})

export const networkSettings = z
  .strictObject({
    data: z
      .enum(['packaged', 'none'])
      .default('packaged')
      .describe('Country and ASN of an address from the packaged data, or from nowhere but the files below.'),
    countryFile: z
      .string()
      .min(1)
      .optional()
      .describe('An mmdb file of your own that tells the country, instead of the packaged data.'),
    asnFile: z
      .string()
      .min(1)
      .optional()
      .describe('An mmdb file of your own that tells the ASN, instead of the packaged data.'),
    cityFile: z
      .string()
      .min(1)
      .optional()
      .describe('An mmdb file of your own that tells city and coordinates; without it none are told.'),
    classes: z
      .array(networkClass)
      .default([])
      .describe('Networks whose class you know better, e.g. your own; the first that fits wins.'),
  })
  .prefault({})
  .describe('The network that the client’s address belongs to.')

export type NetworkSettings = z.output<typeof networkSettings>

export const timeSettings = z
  .strictObject({
    zone: z
      .string()
      .default('UTC')
      .describe('IANA time zone of `facts.time` and of the habit of hours, e.g. `Europe/Berlin`.'),
  })
  .prefault({})
  .describe('What time it is for the people who use the service.')
