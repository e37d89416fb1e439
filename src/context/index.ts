import type { Settings } from '../config/schema/settings.ts'
import type { Compiled, FailureCode } from '../errors.ts'
import type { Check, Entrypoint, Facts, Subject } from '../model.ts'
import { type Catalogue, compileCatalogue } from './catalogue.ts'
import { actionOf } from './facts/action.ts'
import { addressOf } from './facts/address.ts'
import { deviceOf } from './facts/device.ts'
import { compileOwnActions, type OwnAction } from './own-action.ts'
import { type PathSettings, pathRefusal } from './path.ts'

export { compileEntrypoints, type EntrypointMatcher, UNMATCHED } from './entrypoint.ts'

/** The part of a snapshot that `gather` reads. */
export interface ContextConfig {
  readonly catalogue: Catalogue
  /** Absent: the settings make none. */
  readonly ownAction: OwnAction | undefined
  readonly deviceHeader: string
  readonly paths: PathSettings
}

/** Compiles `context`, `actions`, `unknownAction` and what of `enforcement` makes actions; problems carry paths from the top of the settings. */
export function compileContext(
  settings: Pick<Settings, 'context' | 'actions' | 'unknownAction' | 'enforcement'>,
): Compiled<ContextConfig> {
  const { context, actions, unknownAction, enforcement } = settings
  const catalogue = compileCatalogue(actions, unknownAction, context.paths, context.mcp.versions)
  if (!catalogue.ok) return catalogue
  return {
    ok: true,
    value: {
      catalogue: catalogue.value,
      ownAction: compileOwnActions(enforcement),
      deviceHeader: context.device.idHeader,
      paths: context.paths,
    },
  }
}

/**
 * What is observed of this check. Cannot fail: what must be refused is said in `refusal`, and what is not there
 * is missing. The subject is an argument because attested facts rest on the key it has proved.
 */
export function gather(
  check: Check,
  entrypoint: Entrypoint,
  _subject: Subject,
  config: ContextConfig,
): Facts {
  const { device, fault } = deviceOf(check, config.deviceHeader)
  const facts = {
    entrypoint: entrypoint.name,
    action: config.ownAction?.(check) ?? actionOf(check, config.catalogue),
    address: addressOf(check, entrypoint),
    device,
  }
  const refusal: FailureCode | undefined = pathRefusal(check.path, config.paths)
  if (refusal !== undefined) return { ...facts, refusal }
  if (fault === undefined) return facts
  return { ...facts, refusal: 'check.request.header', refusalDetail: `${config.deviceHeader} ${fault}` }
}
