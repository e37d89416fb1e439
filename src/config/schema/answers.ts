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

export const loginUrl = z
  .string()
  .min(1)
  .describe(
    'Login route of the application, an address or a path: a step-up sends a browser there that is about to show a page. `{acr}`, `{max_age}` and `{return_to}` are values of its parameters. Absent: a page that asks for a login.',
  )
