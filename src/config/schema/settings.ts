import { z } from 'zod'
import { auditSettings } from './audit.ts'
import { contextSettings } from './context.ts'
import { actionsSettings, policySettings, riskSettings, unknownActionSettings } from './decision.ts'
import { enforcementSettings, failureSettings } from './enforcement.ts'
import { entrypointsSettings } from './entrypoints.ts'
import { identitySettings } from './identity.ts'

/** `vigil.yaml`: reloaded live. */
export const settings = z.strictObject({
  entrypoints: entrypointsSettings.describe('The Envoys through which checks come.'),
  identity: identitySettings.describe('Who may call, and how tokens are bound to their holders.'),
  context: contextSettings.describe('What is observed of a request.'),
  actions: actionsSettings.describe('The catalogue of named operations; the first match wins.'),
  unknownAction: unknownActionSettings.describe('Requests that match no action.'),
  risk: riskSettings.describe('How worry is measured.'),
  policy: policySettings.describe('Ordered rules; the first match wins, then the default table.'),
  enforcement: enforcementSettings.describe('How answers look.'),
  failure: failureSettings.describe('What follows when something is not to be had.'),
  audit: auditSettings.describe('Records of every check.'),
})

export type Settings = z.output<typeof settings>
