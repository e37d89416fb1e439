import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, test } from '@jest/globals'

const SRC = join(import.meta.dirname, '../../src')
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))

interface Import {
  readonly from: string
  readonly to: string
  readonly isTypeOnly: boolean
}

/** `to` is a path inside src, or a package name. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  const found = [
    ...text.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm),
  ]
  return found.map((m) => {
    const spec = m[2] ?? m[3] ?? ''
    const to = spec.startsWith('.') ? normalize(join(dirname(file), spec)) : spec
    return { from: file, to, isTypeOnly: m[1] !== undefined }
  })
}

const imports = files.flatMap(importsOf)
const room = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file)
const isInside = (i: Import) => !i.to.startsWith('node:') && files.includes(i.to)
const STAGES = ['identity', 'context', 'history', 'risk', 'policy', 'enforcement', 'audit']
const show = (list: Import[]) => list.map((i) => `${i.from} -> ${i.to}`)

/** The files in the root of src that put the rooms together: one per way of running Vigil. */
const COMPOSITION = [
  'main.ts',
  'service.ts',
  'serve.ts',
  'first-generation.ts',
  'offline.ts',
  'inspect.ts',
  'explain.ts',
]

/** Which rooms may import a library. */
const OWNERS: Record<string, string[]> = {
  '@grpc/': ['check'],
  'grpc-health-check': ['check'],
  jose: ['tokens'],
  ioredis: ['store'],
  yaml: ['config'],
  zod: ['config', 'risk', 'identity', 'context', 'audit'],
  '@opentelemetry/': ['telemetry'],
  '@bufbuild/cel': ['policy'],
  pino: ['telemetry'],
  'fastest-levenshtein': ['lib'],
  'ipaddr.js': ['lib'],
  negotiator: ['lib'],
  'mmdb-lib': ['context'],
  'my-ua-parser': ['context'],
  isbot: ['context'],
}

describe('who may know whom', () => {
  test('nobody imports main, and only the composition beside it imports app', () => {
    const bad = imports.filter(
      (i) => (i.to === 'app.ts' && !COMPOSITION.includes(i.from)) || i.to === 'main.ts',
    )
    expect(show(bad)).toEqual([])
  })

  test('stages never import each other', () => {
    const bad = imports.filter(
      (i) =>
        isInside(i) &&
        STAGES.includes(room(i.from)) &&
        STAGES.includes(room(i.to)) &&
        room(i.from) !== room(i.to),
    )
    expect(show(bad)).toEqual([])
  })

  test('the pipeline and its replay know only stages, model, ports and the snapshot type, the replay also the pipeline', () => {
    const known: Record<string, string[]> = {
      'pipeline.ts': ['model.ts', 'ports.ts', 'snapshot.ts'],
      'replay.ts': ['model.ts', 'snapshot.ts', 'pipeline.ts'],
    }
    const bad = imports.filter(
      (i) => i.from in known && isInside(i) && !STAGES.includes(room(i.to)) && !known[i.from]?.includes(i.to),
    )
    expect(show(bad)).toEqual([])
  })

  test('a replay decides again and asks nobody: neither store nor keys nor credential', () => {
    const rooms = ['history', 'context', 'risk', 'store', 'tokens']
    const bad = imports.filter((i) => i.from === 'replay.ts' && rooms.includes(room(i.to)))
    expect(show(bad)).toEqual([])
  })

  test('plug-ins import only their contract, model, errors, ports and lib, never a sibling', () => {
    const plugin =
      /^(risk\/signals|context\/facts|identity\/authenticators|identity\/bindings|audit\/sinks)\//
    const bad = imports.filter((i) => {
      if (!plugin.test(i.from) || !isInside(i)) return false
      const isOwnContract = room(i.to) === room(i.from) && !plugin.test(i.to)
      return !(isOwnContract || /^(model|errors|ports)\.ts$/.test(i.to) || i.to.startsWith('lib/'))
    })
    expect(show(bad)).toEqual([])
  })

  test('every library has one owner', () => {
    const bad = imports.filter((i) =>
      Object.entries(OWNERS).some(([lib, rooms]) => {
        const isLib = i.to === lib || i.to.startsWith(lib.endsWith('/') ? lib : `${lib}/`)
        return isLib && !i.isTypeOnly && !rooms.includes(room(i.from))
      }),
    )
    expect(show(bad)).toEqual([])
  })

  test('grpc-js is known by its transport and by the client of probes, and they are loaded only when wanted', () => {
    const owners = imports
      .filter((i) => /^(@grpc\/grpc-js|grpc-health-check)(\/|$)/.test(i.to))
      .map((i) => i.from)
    expect([...new Set(owners)].sort()).toEqual(['check/client.ts', 'check/grpc-js.ts'])
    const known = imports.filter((i) => owners.includes(i.to) && !i.isTypeOnly)
    expect(show(known)).toEqual([])
  })

  test('what only some settings need is loaded only for them: no command by main, no Redis and no collector by others', () => {
    const lazy: Record<string, string[]> = {
      'serve.ts': [],
      'inspect.ts': [],
      'offline.ts': ['explain.ts', 'inspect.ts'],
      'explain.ts': [],
      'store/redis.ts': [],
      'telemetry/collector.ts': [],
      'telemetry/otlp.ts': ['telemetry/collector.ts', 'telemetry/traces.ts'],
      'telemetry/traces.ts': ['telemetry/collector.ts'],
    }
    const bad = imports.filter((i) => i.to in lazy && !i.isTypeOnly && !lazy[i.to]?.includes(i.from))
    expect(show(bad)).toEqual([])
    const ioredis = imports.filter((i) => i.to === 'ioredis' && !i.isTypeOnly).map((i) => i.from)
    expect(ioredis).toEqual(['store/redis-connection.ts', 'store/redis-sentinels.ts'])
  })

  test('settings types may be known by stages, the rest of config only by app, snapshot and cli', () => {
    const bad = imports.filter((i) => {
      if (room(i.to) !== 'config' || room(i.from) === 'config') return false
      if (i.isTypeOnly && i.to.startsWith('config/schema/')) return false
      return ![...COMPOSITION, 'app.ts', 'snapshot.ts', 'cli'].includes(room(i.from))
    })
    expect(show(bad)).toEqual([])
  })

  test('pure rooms do no I/O and know no clock and no randomness', () => {
    const pure = files.filter((f) =>
      /^(policy|enforcement|risk|lib)\/|^check\/(request|response)\.ts$|^replay\.ts$/.test(f),
    )
    const impure =
      /\bnode:(fs|net|http|https|http2|dns|child_process|timers)\b|Date\.now|Math\.random|new Date\(\)|performance\.now|setTimeout|setInterval|randomBytes|randomUUID/
    // The one reads its directory at start; the other takes from node:net what tells an address from other text.
    const known = ['risk/discover.ts', 'lib/ip.ts']
    const bad = pure.filter((f) => !known.includes(f) && impure.test(readFileSync(join(SRC, f), 'utf8')))
    expect(bad).toEqual([])
  })

  test('only clock.ts reads the clock and only app and main make randomness', () => {
    const bad = files.filter(
      (f) => f !== 'clock.ts' && /Date\.now\(|performance\.now\(/.test(readFileSync(join(SRC, f), 'utf8')),
    )
    const random = files.filter(
      (f) =>
        !['app.ts', 'main.ts'].includes(f) &&
        /Math\.random|randomUUID|randomBytes\(/.test(readFileSync(join(SRC, f), 'utf8')),
    )
    expect([...bad, ...random]).toEqual([])
  })

  test('there is no cycle', () => {
    const edges = new Map(
      files.map((f) => [
        f,
        imports.filter((i) => i.from === f && isInside(i) && !i.isTypeOnly).map((i) => i.to),
      ]),
    )
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        cycles.push([...path, file].join(' -> '))
        return
      }
      state.set(file, 'open')
      for (const to of edges.get(file) ?? []) visit(to, [...path, file])
      state.set(file, 'done')
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })

  test('no file is longer than 400 lines and none is called utils', () => {
    const long = files.filter((f) => readFileSync(join(SRC, f), 'utf8').split('\n').length > 400)
    const named = files.filter((f) => relative('.', f).includes('utils'))
    expect([...long, ...named]).toEqual([])
  })
})
