import type { ActionSettings, UnknownActionSettings } from '../config/schema/decision.ts'
import type { SettingsProblem } from '../errors.ts'
import { type Action, OWN_ACTIONS, type Requirement } from '../model.ts'

const NO_PARAMS: Action['params'] = Object.freeze({})

/** `unknown` is taken, and a name stands for one action. */
export function nameProblems(actions: readonly ActionSettings[], i: number): SettingsProblem[] {
  const name = actions[i]?.name
  const path = ['actions', i, 'name']
  if (name === 'unknown') return [{ path, message: '"unknown" is the name of requests that match no action' }]
  if (name !== undefined && Object.hasOwn(OWN_ACTIONS, name))
    return [{ path, message: `"${name}" is the name of an action of this service; choose another` }]
  if (name === 'unknown-tool')
    return [{ path, message: '"unknown-tool" is the name of calls that match no tool' }]
  const isTaken = actions.findIndex((a) => a.name === name) < i
  return isTaken ? [{ path, message: `another action is named "${name}"` }] : []
}

/** A tool is called with POST, over no other protocol, and its name is a parameter. */
export function toolProblems({ match }: ActionSettings, path: SettingsProblem['path']): SettingsProblem[] {
  const at = (key: string, message: string) => [{ path: [...path, key], message }]
  return [
    ...(match.methods === undefined || match.methods.includes('POST')
      ? []
      : at('methods', 'a tool is called with POST: with these methods mcpTools never matches')),
    ...(match.paths === undefined
      ? at('mcpTools', 'give the paths at which MCP is served: every other POST would be an unknown tool')
      : []),
    ...(match.grpc === undefined ? [] : at('grpc', 'give grpc or mcpTools: no request is both')),
    ...((match.paths ?? []).some((template) => /\{tool(?:\.\.\.)?\}/.test(template))
      ? at('paths', '{tool} is the name of the called tool: choose another')
      : []),
  ]
}

/** The action as the model knows it; parameters come with each request. */
export function knownAction(s: ActionSettings): Action {
  const base = {
    name: s.name,
    isKnown: true,
    sensitivity: s.sensitivity,
    scopes: s.scopes,
    params: NO_PARAMS,
  }
  const authentication = requirementOf(s.authentication)
  return Object.freeze({
    ...base,
    allowsAnonymous: s.anonymous,
    ...(authentication === undefined ? {} : { authentication }),
  })
}

function requirementOf(s: ActionSettings['authentication']): Requirement | undefined {
  if (s === undefined) return undefined
  return {
    ...(s.acr === undefined ? {} : { acr: s.acr }),
    ...(s.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: s.maxAgeSeconds }),
  }
}

/** What a request is that matches nothing in the catalogue. */
export const unknownAction = (name: 'unknown' | 'unknown-tool', s: UnknownActionSettings): Action =>
  Object.freeze({
    name,
    isKnown: false,
    sensitivity: s.sensitivity,
    scopes: [],
    params: NO_PARAMS,
    allowsAnonymous: false,
  })

/** An action of this service: it needs no credential and decides nothing for anybody. */
export const ownAction = (name: keyof typeof OWN_ACTIONS): Action =>
  Object.freeze({
    name,
    isKnown: true,
    sensitivity: 'low',
    scopes: [],
    params: NO_PARAMS,
    allowsAnonymous: true,
  })
