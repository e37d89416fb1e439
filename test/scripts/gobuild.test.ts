import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  CLUSTER_TOOLS,
  cachedBinary,
  LINT_TOOLS,
  linkedBinary,
  PEER_TOOLS,
  type Places,
  type Tool,
} from '../../scripts/tools/catalog.ts'
import { TOOL_NAMES } from '../../scripts/tools/ensure.ts'
import { ldflagsOf } from '../../scripts/tools/gobuild.ts'
import { requiredVersion } from '../../scripts/tools/locate.ts'

const GO_MOD = 'module a\n\ngo 1.26.7\n\nrequire k8s.io/kubernetes v1.36.3\n'

let scratch: string
let places: Places
let tool: Tool

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vigil-gobuild-'))
  places = { tools: join(scratch, 'clone'), cache: join(scratch, 'cache') }
  const requirements = join(scratch, 'go.mod')
  tool = { name: 'server', binary: 'server', kind: 'go', entry: 'a/server', requirements, versionArgs: [] }
  writeFileSync(requirements, GO_MOD)
  writeFileSync(join(scratch, 'go.sum'), 'a v1 h1:x\n')
})

afterEach(() => rmSync(scratch, { recursive: true }))

test('what is built is another one with another go.mod or go.sum', () => {
  const seen = new Set([cachedBinary(tool, places)])
  writeFileSync(join(scratch, 'go.sum'), 'a v1 h1:y\n')
  seen.add(cachedBinary(tool, places))
  writeFileSync(tool.requirements, GO_MOD.replace('v1.36.3', 'v1.36.4'))
  seen.add(cachedBinary(tool, places))
  expect(seen.size).toBe(3)
})

test('what is built of source here is another one with another source', () => {
  const before = cachedBinary(tool, places)
  mkdirSync(join(scratch, 'server'))
  writeFileSync(join(scratch, 'server/main.go'), 'package main')
  const first = cachedBinary(tool, places)
  writeFileSync(join(scratch, 'server/main.go'), 'package main // changed')
  expect(new Set([before, first, cachedBinary(tool, places)]).size).toBe(3)
})

test('built tools lie together', () => {
  expect(linkedBinary(tool, places)).toBe(join(places.tools, 'bin', 'server'))
})

test('Kubernetes is told its version, which it does not know itself', () => {
  const flags = ldflagsOf('k8s.io/kubernetes/cmd/kube-apiserver', GO_MOD)
  const variable = (name: string) =>
    new RegExp(`-X k8s\\.io/component-base/version\\.${name}=(\\S+)`).exec(flags)?.[1]
  expect(['gitVersion', 'gitMajor', 'gitMinor'].map(variable)).toEqual(['v1.36.3', '1', '36'])
  expect(ldflagsOf('go.etcd.io/etcd/server/v3', GO_MOD)).toBe('-s -w')
})

test('a go.mod without Kubernetes is an error', () => {
  expect(() => ldflagsOf('k8s.io/kubernetes/cmd/kube-apiserver', 'module a\n')).toThrow(/does not require/)
})

const built = [...CLUSTER_TOOLS, ...LINT_TOOLS, ...PEER_TOOLS].filter(({ kind }) => kind === 'go')

test.each(
  built.map((each) => [each.name, each] as const),
)('%s is of a module that is pinned, and nobody who fetches tools waits for it', (name, {
  entry,
  requirements,
}) => {
  const goMod = readFileSync(requirements, 'utf8')
  const modules = [...goMod.matchAll(/^(?:module|require |\t)\s*(\S+)/gm)].map(([, module]) => module)
  expect(modules.some((module) => entry.startsWith(`${module}`))).toBe(true)
  expect(ldflagsOf(entry, goMod)).toContain('-s -w')
  expect(TOOL_NAMES).not.toContain(name)
})

test('what is built in seconds and what takes minutes stand in modules of their own', () => {
  const modules = (tools: readonly Tool[]) =>
    new Set(tools.filter(({ kind }) => kind === 'go').map(({ requirements }) => requirements))
  expect(modules(CLUSTER_TOOLS).size).toBe(1)
  expect(modules(LINT_TOOLS).size).toBe(1)
  expect(modules([...CLUSTER_TOOLS, ...LINT_TOOLS]).size).toBe(2)
})

test('a peer is built of the versions that its makers chose, and says its own', () => {
  expect(new Set(PEER_TOOLS.map(({ requirements }) => requirements)).size).toBe(PEER_TOOLS.length)
  for (const { entry, requirements } of PEER_TOOLS) {
    const version = requiredVersion(entry, readFileSync(requirements, 'utf8'))
    expect(version).toMatch(/^v\d+\.\d+\.\d+$/)
    expect(readFileSync(join(requirements, '../go.sum'), 'utf8')).toContain(`${entry} ${version} h1:`)
  }
  expect(() => requiredVersion('a/b', 'require (\n\ta/bc v1.0.0\n)')).toThrow(/does not require a\/b/)
})
