import type { SettingsProblem } from '../errors.ts'
import { observedPlaces } from './observed.ts'
import type { EntrypointSettings } from './schema/entrypoints.ts'
import type { Settings } from './schema/settings.ts'
import type { ServerSettings, StaticSettings, StoreSettings } from './schema/static.ts'
import { duplicates } from './semantic-names.ts'
import { checkRedis } from './semantic-redis.ts'

/** Every contradiction in `static.yaml`. */
export function checkStaticSettings(settings: StaticSettings): SettingsProblem[] {
  return [
    ...checkServer(settings.server),
    ...checkListeners(settings),
    ...checkStore(settings),
    ...checkTelemetry(settings),
  ]
}

/** What stands in a URL is shown by logs and by `config check`. */
function checkTelemetry({ telemetry: { otlp } }: StaticSettings): SettingsProblem[] {
  if (otlp === undefined) return []
  const path = ['telemetry', 'otlp', 'url']
  if (!URL.canParse(otlp.url)) return [{ path, message: 'write a URL, e.g. http://127.0.0.1:4318' }]
  const { username, password } = new URL(otlp.url)
  if (username === '' && password === '') return []
  return [{ path, message: 'a URL here cannot carry a user or password; write them into headersFile' }]
}

function checkServer({ callers, tls }: ServerSettings): SettingsProblem[] {
  if (callers === undefined) return []
  const path = ['server', 'callers']
  if (callers.length === 0)
    return [{ path, message: 'an empty list admits nobody; leave the key out to admit all' }]
  if (tls?.clientCaFile !== undefined) return []
  return [
    { path, message: 'callers are told apart by their client certificates; give server.tls.clientCaFile' },
  ]
}

function checkListeners({ server, probes }: StaticSettings): SettingsProblem[] {
  const places = [
    ...server.listen.map((listen, i) => ({ listen, path: ['server', 'listen', i] as (string | number)[] })),
    { listen: probes.listen, path: ['probes', 'listen'] },
  ]
  const ports = places.flatMap(({ listen, path }) => {
    const port = Number(/:(\d+)$/.exec(listen)?.[1] ?? 0)
    return !listen.startsWith('unix:') && port > 65_535 ? [{ path, message: `there is no port ${port}` }] : []
  })
  const fixed = places.filter(({ listen }) => !listen.endsWith(':0'))
  const same = duplicates(
    fixed.map((p) => p.listen),
    (i) => fixed[i]?.path ?? [],
    'listener',
  )
  return [...ports, ...same]
}

function checkStore({ store, instanceKeyFile }: StaticSettings): SettingsProblem[] {
  if (store.kind === 'memory') return checkMemory(store)
  const problems: SettingsProblem[] = []
  if (store.redis === undefined) {
    problems.push({ path: ['store', 'kind'], message: 'redis needs the section store.redis' })
  }
  if (store.memory.seedFile !== undefined) {
    problems.push({
      path: ['store', 'memory', 'seedFile'],
      message: 'only the memory store reads a seed file',
    })
  }
  if (instanceKeyFile === undefined) {
    const message = 'with redis every replica needs the same keys; give instanceKeyFile'
    problems.push({ path: ['store', 'kind'], message })
  }
  return [...problems, ...(store.redis === undefined ? [] : checkRedis(store.redis))]
}

function checkMemory(store: StoreSettings): SettingsProblem[] {
  if (store.redis === undefined) return []
  return [
    {
      path: ['store', 'redis'],
      message: 'store.kind is memory, so this section is without effect; write kind: redis or remove it',
    },
  ]
}

/** What the two files must agree on; told at the place in `vigil.yaml`. */
export const checkTogether = (settings: Settings, fixed: StaticSettings): SettingsProblem[] => [
  ...checkPeers(settings, fixed),
  ...checkObserve(settings, fixed),
  ...checkPseudonyms(settings, fixed),
  ...checkExport(settings, fixed),
]

/** Nobody must find out by an incident that nothing is enforced: whoever runs the process has to say so, too. */
function checkObserve(settings: Settings, { acknowledge }: StaticSettings): SettingsProblem[] {
  if (acknowledge.observe) return []
  const message =
    'observe lets every request pass, whatever is decided: set acknowledge.observe in the static file, or enforce and try single rules with shadow: true'
  return observedPlaces(settings).map((path) => ({ path, message }))
}

function checkExport({ audit }: Settings, { telemetry }: StaticSettings): SettingsProblem[] {
  if (telemetry.otlp !== undefined) return []
  const message = 'no collector is known: give telemetry.otlp in the static file'
  return audit.sinks.flatMap((sink, i) =>
    sink.kind === 'otlp' ? [{ path: ['audit', 'sinks', i, 'kind'], message }] : [],
  )
}

function checkPseudonyms({ audit }: Settings, { instanceKeyFile }: StaticSettings): SettingsProblem[] {
  if (instanceKeyFile !== undefined) return []
  const message =
    'pseudonyms would be others after every restart: give instanceKeyFile in the static file, or leave this out'
  return audit.sinks.flatMap((sink, i) => {
    const path = ['audit', 'sinks', i]
    if (sink.pseudonyms.length > 0) return [{ path: [...path, 'pseudonyms'], message }]
    return sink.addresses === 'pseudonym' ? [{ path: [...path, 'addresses'], message }] : []
  })
}

/** An entrypoint may rest on what an Envoy says of its peer only when that Envoy has proved who it is. */
function checkPeers(settings: Settings, { server, acknowledge }: StaticSettings): SettingsProblem[] {
  const isTcp = server.listen.some((listen) => !listen.startsWith('unix:'))
  if (!isTcp || server.tls?.clientCaFile !== undefined) return []
  return settings.entrypoints.flatMap((entrypoint, i) => {
    const path = ['entrypoints', i]
    if (entrypoint.match.callerSan !== undefined) {
      const message = 'callerSan can match nothing: server.tls.clientCaFile is not set in the static file'
      return [{ path: [...path, 'match', 'callerSan'], message }]
    }
    const key = acknowledge.unverifiedCaller ? undefined : restsOnPeer(entrypoint)
    if (key === undefined) return []
    const message = `${key} believes an Envoy that has not proved who it is: give server.tls.clientCaFile, listen on a Unix socket, or set acknowledge.unverifiedCaller in the static file`
    return [{ path: [...path, key], message }]
  })
}

function restsOnPeer(entrypoint: EntrypointSettings): 'peerVerified' | 'xfcc' | 'clientCertFrom' | undefined {
  if (entrypoint.peerVerified) return 'peerVerified'
  if (entrypoint.xfcc) return 'xfcc'
  return entrypoint.clientCertFrom.length > 0 ? 'clientCertFrom' : undefined
}
