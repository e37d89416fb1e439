import type { Told } from '../ask.ts'
import { logIn } from '../credentials.ts'
import { AGENT } from '../people.ts'
import type { Act, Scene } from '../scene.ts'
import { explain } from '../why.ts'
import type { World } from '../world.ts'
import { reached } from './played.ts'

/** The agent calls a tool of the MCP server with a token that alice has let it have. */
async function callTool({ client, issuer }: World, tool: string): Promise<Told> {
  const scopes = ['accounts.read', 'payments.write']
  const credential = await logIn(issuer.url, { user: 'alice', isForAgent: true, scopes })
  const headers = {
    'content-type': 'application/json',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': tool,
  }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool } })
  return client.send({ method: 'POST', path: '/mcp', credential, headers, body })
}

/** Whom the record names: the user and, beside them, who acts for them. */
async function namesOf(told: Told): Promise<{ text: string; areBoth: boolean }> {
  const { subject } = await told.record()
  const credential = subject?.state === 'identified' ? subject.credential : undefined
  const [user, actor] = [credential?.subject, credential?.actor?.subject]
  return { text: `The record: user ${user}, agent ${actor}.`, areBoth: user === 'alice' && actor === AGENT }
}

const within: Scene = {
  name: 'An agent, within its tools',
  request: 'an AI assistant calls the MCP tool list_accounts; its token says that it acts for alice',
  expected: '200, and the application is told of user and agent',
  play: async (world) => {
    const told = await callTool(world, 'list_accounts')
    const names = await namesOf(told)
    const seen = told.echo?.headers ?? {}
    return {
      got: `${told.status}; the application saw x-vigil-subject: ${seen['x-vigil-subject']}, x-vigil-actor: ${seen['x-vigil-actor']}`,
      why: `${names.text} ${await explain(await told.record())}`,
      isAsExpected:
        told.status === 200 &&
        seen['x-vigil-subject'] === 'alice' &&
        seen['x-vigil-actor'] === AGENT &&
        names.areBoth,
    }
  },
}

const beyond: Scene = {
  name: 'An agent, beyond its tools',
  request: 'the same assistant calls transfer_funds, which alice herself may do',
  expected: '403 as a JSON-RPC error, which MCP clients understand',
  play: async (world) => {
    const told = await callTool(world, 'transfer_funds')
    const names = await namesOf(told)
    const { error } = JSON.parse(told.body) as { error?: { code: number; message: string } }
    const record = await told.record()
    return {
      got: `${told.status}, JSON-RPC error ${error?.code} “${error?.message}”; ${reached(told)}`,
      why: `${names.text} ${await explain(record)}`,
      isAsExpected:
        told.status === 403 &&
        error?.code === -32001 &&
        record.decision.reasons[0] === 'policy.rule.agents-only-look' &&
        told.echo === undefined &&
        names.areBoth,
    }
  },
}

export const agentsAct: Act = {
  title: 'Who acts for whom?',
  scenes: [within, beyond],
}
