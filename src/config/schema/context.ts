import { z } from 'zod'
import { headerName } from './common.ts'
import { networkSettings, timeSettings } from './context-facts.ts'
import { postureSettings } from './posture.ts'

/** `context`: what is observed of a request. */

export const contextSettings = z
  .strictObject({
    device: z
      .strictObject({
        idHeader: headerName
          .default('x-device-id')
          .describe('Header in which a client claims its device id.'),
        posture: postureSettings
          .optional()
          .describe('Tokens in which somebody vouches for the state of a device (docs/posture.md).'),
      })
      .prefault({})
      .describe('What clients tell about the device they run on.'),
    network: networkSettings,
    time: timeSettings,
    requestHeaders: z
      .array(headerName)
      .default([])
      .describe(
        'Request headers that conditions may read as `request.headers` and records keep; never credentials.',
      ),
    paths: z
      .strictObject({
        parameters: z.enum(['refuse', 'allow']).default('refuse').describe('A `;` inside a path segment.'),
        encodedSlashes: z
          .enum(['refuse', 'allow'])
          .default('refuse')
          .describe('`%2F` and `%5C` inside a path.'),
      })
      .prefault({})
      .describe('Paths that parsers read in different ways.'),
    mcp: z
      .strictObject({
        versions: z
          .array(z.string().regex(/^\d{4}-\d\d-\d\d$/, 'write a version of MCP, e.g. 2026-07-28'))
          .default(['2026-07-28'])
          .describe(
            'Values of `MCP-Protocol-Version` under which a server must refuse a request whose headers and body disagree. Only then can a tool be told by the headers.',
          ),
      })
      .prefault({})
      .describe('Model Context Protocol.'),
  })
  .prefault({})

export type ContextSettings = z.output<typeof contextSettings>
