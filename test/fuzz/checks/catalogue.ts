/** From which actions and rules the catalogues of worlds are drawn: neighbours that ask for different things. */
import type { ActionSettings, RuleSettings } from './settings.ts'

const action = (
  name: string,
  match: ActionSettings['match'],
  sensitivity: ActionSettings['sensitivity'],
  scopes: readonly string[],
  more: Partial<ActionSettings> = {},
): ActionSettings => ({ name, match, sensitivity, scopes, anonymous: false, ...more })

/** In the order of a catalogue: the narrower stands before the wider, which asks for less. */
export const ACTIONS: readonly ActionSettings[] = [
  action('admin-item', { paths: ['/v1/items/admin'] }, 'medium', ['admin']),
  action('read-items', { methods: ['GET', 'HEAD'], paths: ['/v1/items', '/v1/items/{id}'] }, 'low', [
    'orders.read',
  ]),
  action(
    'write-items',
    { methods: ['POST', 'PUT', 'PATCH', 'DELETE'], paths: ['/v1/items', '/v1/items/{id}'] },
    'medium',
    ['orders.read', 'orders.write'],
  ),
  action(
    'transfer',
    { methods: ['POST'], paths: ['/v1/accounts/{account}/transfers'] },
    'high',
    ['payments.read', 'payments.write'],
    { authentication: { acr: ['phr', 'mfa'], maxAgeSeconds: 300 } },
  ),
  action('profile', { paths: ['/v1/me'] }, 'low', [], { authentication: { acr: ['mfa'] } }),
  action('wallet', { methods: ['GET', 'POST'], paths: ['/v1/wallet'] }, 'medium', ['wallet', 'orders.read'], {
    authentication: { acr: ['mfa', 'phr'], maxAgeSeconds: 300 },
  }),
  action('launch', { paths: ['/v1/launch'] }, 'critical', ['launch']),
  action('status', { methods: ['GET', 'HEAD'], paths: ['/status', '/status/'] }, 'low', [], {
    anonymous: true,
  }),
  action('secret-files', { paths: ['/files/secret/{path...}'] }, 'high', ['files', 'secret']),
  action('inner', { paths: ['/inner/{id}'] }, 'low', []),
  action('files', { paths: ['/files/{path...}', '/files/{path...}/'] }, 'low', ['files']),
  action('mcp-europe', { hosts: ['eu.partner.example.com'], paths: ['/mcp'] }, 'low', []),
  action('mcp-stream', { methods: ['GET', 'DELETE'], paths: ['/mcp'] }, 'low', ['tools.stream']),
  action(
    'read-tools',
    { paths: ['/mcp', '/v1/mcp'], mcpTools: ['list_orders', 'get_orders', 'größe'] },
    'low',
    ['orders.read'],
  ),
  action('refund-tools', { paths: ['/mcp'], mcpTools: ['refund', 'refund_all'] }, 'high', [
    'payments.read',
    'payments.write',
  ]),
  action('partner-tools', { hosts: ['partner.example.com'], paths: ['/mcp'], mcpTools: ['*'] }, 'medium', [
    'partner',
  ]),
  action('mcp', { paths: ['/mcp'] }, 'low', []),
  action('ping', { grpc: ['shop.Orders/Ping'] }, 'low', [], { anonymous: true }),
  action('orders-rpc', { grpc: ['shop.Orders/*'] }, 'medium', ['orders.read']),
  action(
    'partner',
    { hosts: ['partner.example.com', '*.partner.example.com'], paths: ['/{rest...}'] },
    'low',
    ['partner'],
  ),
  action('anything', { methods: ['OPTIONS', 'HEAD'], paths: ['/{rest...}'] }, 'low', []),
]

/** Conditions that the oracle knows by their name (oracle/rules.ts). */
export const RULES: readonly RuleSettings[] = [
  { name: 'open-everything', when: true, effect: 'allow' },
  { name: 'no-deletes', when: 'request.method == "DELETE"', effect: 'deny' },
  { name: 'no-partner-host', when: 'request.host == "partner.example.com"', effect: 'deny' },
  { name: 'bound-only', when: 'subject.binding.state != "verified"', effect: 'deny' },
  { name: 'no-agents', when: 'has(subject.actor.id)', effect: 'deny' },
  { name: 'no-machines', when: 'subject.kind == "machine"', effect: 'deny' },
  { name: 'attested-only', when: '!facts.device.attested', effect: 'deny' },
  { name: 'encrypted-only', when: 'facts.device.posture.disk != "encrypted"', effect: 'deny' },
  {
    name: 'encrypted-opens',
    when: 'has(facts.device.posture.disk) && facts.device.posture.disk == "encrypted"',
    effect: 'allow',
  },
  {
    name: 'own-accounts',
    when: 'action.name == "transfer" && !(action.params.account in subject.claims.accounts)',
    effect: 'deny',
  },
  {
    name: 'no-refund-of-all',
    when: 'action.name == "refund-tools" && action.params.tool == "refund_all"',
    effect: 'deny',
  },
  { name: 'fresh-for-medium', when: 'action.sensitivity == "medium"', effect: 'step-up' },
  { name: 'slow-down', when: 'request.path == "/v1/items/slow"', effect: 'throttle' },
]
