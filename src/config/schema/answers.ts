import { z } from 'zod'
import { webOrigin } from './common.ts'

/** Parts of `enforcement` that are for certain callers: browsers, clients that look for an authorization server. */

export const corsSettings = z
  .strictObject({
    origins: z
      .array(webOrigin)
      .default([])
      .describe(
        'Pages of these origins may call: their preflights pass to the application, and their scripts can read refusals.',
      ),
    credentials: z
      .boolean()
      .default(false)
      .describe(
        'Send `access-control-allow-credentials: true` with refusals, for requests that carry cookies.',
      ),
  })
  .prefault({})
