import type { Settings } from '../config/schema/settings.ts'
import type { Compiled, FailureCode, SettingsProblem } from '../errors.ts'
import { isCanary } from '../lib/canary.ts'
import type { Check, Entrypoint, Facts, Subject } from '../model.ts'
import { noPlaces, type OpenPlaces } from '../ports.ts'
import { type Catalogue, compileCatalogue } from './catalogue.ts'
import type { PostureVerifier } from './contract.ts'
import { actionOf } from './facts/action.ts'
import { addressOf } from './facts/address.ts'
import { compileClient, type ReadClient } from './facts/client.ts'
import { deviceOf } from './facts/device.ts'
import { compileFingerprint, type ReadFingerprint } from './facts/fingerprint.ts'
import { compileNetwork, type FindNetwork } from './facts/network.ts'
import { type PostureConfig, postureOf, type Shown } from './facts/posture.ts'
import { compileTime, type ReadTime } from './facts/time.ts'
import { compileClassify } from './network/classify.ts'
import { compileOwnActions, type OwnAction } from './own-action.ts'
import { type PathSettings, pathRefusal } from './path.ts'

export { compileEntrypoints, type EntrypointMatcher, UNMATCHED } from './entrypoint.ts'
export { createOpenPlaces } from './network/open.ts'
export { addressOf }

/** The part of a snapshot that `gather` reads. */
export interface ContextConfig {
  readonly catalogue: Catalogue
  readonly ownAction: OwnAction
  readonly deviceHeader: string
  /** Absent: no posture tokens are read. */
  readonly posture: PostureConfig | undefined
  readonly network: FindNetwork
  readonly client: ReadClient
  readonly fingerprint: ReadFingerprint
  readonly time: ReadTime
  readonly paths: PathSettings
}

/** What compiling needs besides the settings. */
export interface ContextDeps {
  readonly openPlaces: OpenPlaces
  /** Files named in the configuration are relative to this folder. */
  readonly baseDir: string
  /** Verifies the tokens of `context.device.posture`, where that is set. */
  readonly postures?: PostureVerifier | undefined
}

const NO_DATA: ContextDeps = { openPlaces: noPlaces, baseDir: '.' }

/**
 * Compiles `context`, `actions`, `unknownAction` and what of `enforcement` makes actions; problems carry paths from the top
 * of the settings.
 */
export function compileContext(
  settings: Pick<Settings, 'context' | 'actions' | 'unknownAction' | 'enforcement'>,
  { openPlaces, baseDir, postures }: ContextDeps = NO_DATA,
): Compiled<ContextConfig> {
  const { context, actions, unknownAction, enforcement } = settings
  const catalogue = compileCatalogue(actions, unknownAction, context.paths, context.mcp.versions)
  const classify = compileClassify(context.network.classes)
  const time = compileTime(context.time.zone)
  if (!catalogue.ok || !classify.ok || !time.ok)
    return { ok: false, problems: problemsOf(catalogue, classify, time) }
  const { idHeader, posture } = context.device
  const reads =
    posture === undefined || postures === undefined ? undefined : { header: posture.header, tokens: postures }
  return {
    ok: true,
    value: {
      catalogue: catalogue.value,
      ownAction: compileOwnActions(enforcement),
      deviceHeader: idHeader,
      posture: reads,
      network: compileNetwork(openPlaces(context.network, baseDir), classify.value),
      client: compileClient(),
      fingerprint: compileFingerprint(),
      time: time.value,
      paths: context.paths,
    },
  }
}

const problemsOf = (...parts: readonly Compiled<unknown>[]): SettingsProblem[] =>
  parts.flatMap((part) => (part.ok ? [] : part.problems))

/**
 * What is observed of this check. Cannot fail: what must be refused is said in `refusal`, and what is not there
 * is missing. The subject is an argument because attested facts rest on the key it has proved.
 * @returns a plain value when nothing had to be waited for
 */
export function gather(
  check: Check,
  entrypoint: Entrypoint,
  subject: Subject,
  config: ContextConfig,
): Facts | Promise<Facts> {
  const shown = postureOf(check, subject, config.posture)
  return shown instanceof Promise
    ? shown.then((posture) => factsOf(check, entrypoint, posture, config))
    : factsOf(check, entrypoint, shown, config)
}

function factsOf(check: Check, entrypoint: Entrypoint, shown: Shown, config: ContextConfig): Facts {
  const { device, fault } = deviceOf(check, config.deviceHeader)
  const address = addressOf(check, entrypoint)
  const client = config.client(check)
  const facts = {
    entrypoint: entrypoint.name,
    action: config.ownAction(check) ?? actionOf(check, config.catalogue),
    address,
    network: config.network(address),
    device: withPosture(device, shown),
    client,
    fingerprint: config.fingerprint(check, entrypoint, client),
    time: config.time(check.atMs),
  }
  if (isCanary(check)) return { ...facts, refusal: CANARY }
  const refusal: FailureCode | undefined = pathRefusal(check.path, config.paths)
  if (refusal !== undefined) return { ...facts, refusal }
  if (fault !== undefined) return { ...facts, ...headerRefusal(config.deviceHeader, fault) }
  if (shown.fault === undefined) return facts
  return { ...facts, ...headerRefusal(config.posture?.header ?? '', shown.fault) }
}

const CANARY: FailureCode = 'policy.canary.refused'

const headerRefusal = (header: string, fault: string): Pick<Facts, 'refusal' | 'refusalDetail'> => ({
  refusal: 'check.request.header',
  refusalDetail: `${header} ${fault}`,
})

/** An attested device is the one that the token names; a claimed one stays what the client says first. */
function withPosture(device: Facts['device'], { posture, device: named }: Shown): Facts['device'] {
  if (posture === undefined) return device
  const isAttested = posture.state === 'attested'
  return { id: isAttested ? named : (device.id ?? named), isAttested, posture }
}
