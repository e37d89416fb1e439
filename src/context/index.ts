import type { Settings } from '../config/schema/settings.ts'
import type { Compiled, FailureCode, SettingsProblem } from '../errors.ts'
import type { Check, Entrypoint, Facts, Subject } from '../model.ts'
import { noPlaces, type OpenPlaces } from '../ports.ts'
import { type Catalogue, compileCatalogue } from './catalogue.ts'
import { actionOf } from './facts/action.ts'
import { addressOf } from './facts/address.ts'
import { compileClient, type ReadClient } from './facts/client.ts'
import { deviceOf } from './facts/device.ts'
import { compileFingerprint, type ReadFingerprint } from './facts/fingerprint.ts'
import { compileNetwork, type FindNetwork } from './facts/network.ts'
import { compileTime, type ReadTime } from './facts/time.ts'
import { compileClassify } from './network/classify.ts'
import { type PathSettings, pathRefusal } from './path.ts'

export { compileEntrypoints, type EntrypointMatcher, UNMATCHED } from './entrypoint.ts'
export { createOpenPlaces } from './network/open.ts'

/** The part of a snapshot that `gather` reads. */
export interface ContextConfig {
  readonly catalogue: Catalogue
  readonly deviceHeader: string
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
}

const NO_DATA: ContextDeps = { openPlaces: noPlaces, baseDir: '.' }

/** Compiles `context`, `actions` and `unknownAction`; problems carry paths from the top of the settings. */
export function compileContext(
  settings: Pick<Settings, 'context' | 'actions' | 'unknownAction'>,
  { openPlaces, baseDir }: ContextDeps = NO_DATA,
): Compiled<ContextConfig> {
  const { context, actions, unknownAction } = settings
  const catalogue = compileCatalogue(actions, unknownAction, context.paths)
  const classify = compileClassify(context.network.classes)
  const time = compileTime(context.time.zone)
  if (!catalogue.ok || !classify.ok || !time.ok)
    return { ok: false, problems: problemsOf(catalogue, classify, time) }
  return {
    ok: true,
    value: {
      catalogue: catalogue.value,
      deviceHeader: context.device.idHeader,
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
 */
export function gather(
  check: Check,
  entrypoint: Entrypoint,
  _subject: Subject,
  config: ContextConfig,
): Facts {
  const { device, fault } = deviceOf(check, config.deviceHeader)
  const address = addressOf(check, entrypoint)
  const client = config.client(check)
  const facts = {
    entrypoint: entrypoint.name,
    action: actionOf(check, config.catalogue),
    address,
    network: config.network(address),
    device,
    client,
    fingerprint: config.fingerprint(check, entrypoint, client),
    time: config.time(check.atMs),
  }
  const refusal: FailureCode | undefined = pathRefusal(check.path, config.paths)
  if (refusal !== undefined) return { ...facts, refusal }
  if (fault === undefined) return facts
  return { ...facts, refusal: 'check.request.header', refusalDetail: `${config.deviceHeader} ${fault}` }
}
