/** One line of a panel. */
export interface Query {
  readonly expr: string
  /** Grafana's words for a line: `{{label}}`. */
  readonly legend: string
}

export interface Panel {
  readonly title: string
  /** What it tells and when to worry, for somebody who has not built Vigil. */
  readonly description: string
  readonly unit: 'reqps' | 's' | 'percentunit' | 'short'
  readonly queries: readonly Query[]
  /** `table`: what holds now, one row a series. */
  readonly kind?: 'lines' | 'stacked' | 'table'
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** Those that the variables on top choose. */
const HERE = 'namespace=~"$namespace", job=~"$job"'

const of = (metric: string, matchers = '') => `${metric}{${HERE}${matchers === '' ? '' : `, ${matchers}`}}`
const rate = (by: string, metric: string, matchers = '') =>
  `sum by (${by}) (rate(${of(metric, matchers)}[$__rate_interval]))`
const highest = (by: string, metric: string) => `max by (${by}) (${of(metric)})`
const quantile = (q: number, histogram: string) =>
  `histogram_quantile(${q}, sum by (le) (rate(${of(`${histogram}_bucket`)}[$__rate_interval])))`

/** Outside of Kubernetes there is no pod, inside of it an instance says little. */
const INSTANCE = 'pod, instance'
const INSTANCE_LEGEND = '{{pod}} {{instance}}'

const ANSWERS: readonly Panel[] = [
  {
    title: 'Checks by effect',
    description:
      'What Envoy is told. `unavailable` is Vigil’s own fault, `observe` passed although it would have been refused.',
    unit: 'reqps',
    kind: 'stacked',
    queries: [{ expr: rate('effect', 'vigil_checks_total'), legend: '{{effect}}' }],
  },
  {
    title: 'Share answered unavailable (503)',
    description: 'The error budget: the objective is below 0.1 % over 30 days.',
    unit: 'percentunit',
    queries: [
      {
        expr: `(sum(rate(${of('vigil_checks_total', 'effect="unavailable"')}[$__rate_interval])) or vector(0)) / sum(rate(${of('vigil_checks_total')}[$__rate_interval]))`,
        legend: 'unavailable',
      },
    ],
  },
  {
    title: 'Why requests are refused',
    description:
      'The ten first reasons of deny, step-up, throttle and unavailable; docs/failures.md explains each.',
    unit: 'reqps',
    queries: [
      {
        expr: `topk(10, ${rate('effect, reason', 'vigil_checks_total', 'effect=~"deny|step-up|throttle|unavailable"')})`,
        legend: '{{effect}} {{reason}}',
      },
    ],
  },
  {
    title: 'Time from arrival to answer',
    description:
      'Beside the time that Envoy waits (`timeout` of ext_authz): above it Envoy refuses by itself, unseen here.',
    unit: 's',
    queries: [
      { expr: quantile(0.5, 'vigil_check_duration_seconds'), legend: 'p50' },
      { expr: quantile(0.99, 'vigil_check_duration_seconds'), legend: 'p99' },
      { expr: 'vector($timeout)', legend: 'Envoy’s timeout' },
    ],
  },
  {
    title: 'Checks by action and entrypoint',
    description: 'Where the load comes from. `none`: refused before the action was known.',
    unit: 'reqps',
    queries: [
      {
        expr: `topk(10, ${rate('entrypoint, action', 'vigil_checks_total')})`,
        legend: '{{entrypoint}} {{action}}',
      },
    ],
  },
  {
    title: 'Checks in flight',
    description:
      'Being decided at the moment of the scrape; at `server.maxInFlight` (1000) new ones are answered 503.',
    unit: 'short',
    queries: [{ expr: highest(INSTANCE, 'vigil_checks_in_flight'), legend: INSTANCE_LEGEND }],
  },
  {
    title: 'Refused before the pipeline',
    description: 'Checks of callers that are not listed, malformed ones, too many at once, too late.',
    unit: 'reqps',
    queries: [{ expr: rate('reason', 'vigil_checks_refused_total'), legend: '{{reason}}' }],
  },
  {
    title: 'Decided without an input that was wanted',
    description: 'Degraded decisions by what was lacking: the store, replay protection, a rule, a signal.',
    unit: 'reqps',
    queries: [{ expr: rate('input', 'vigil_checks_degraded_total'), legend: '{{input}}' }],
  },
]

const CONFIGURATION: readonly Panel[] = [
  {
    title: 'Configuration in use, by instance',
    description:
      'Equal hashes decide equally. Different ones for longer than a rollout: see the alert VigilConfigSkew.',
    unit: 'short',
    kind: 'table',
    queries: [{ expr: highest('pod, instance, hash', 'vigil_config_info'), legend: '' }],
  },
  {
    title: 'Newest configuration in use',
    description:
      '1 while the newest configuration is in use, 0 while it is refused and the one before goes on.',
    unit: 'short',
    queries: [
      {
        expr: `min by (${INSTANCE}) (${of('vigil_config_last_reload_successful')})`,
        legend: INSTANCE_LEGEND,
      },
    ],
  },
  {
    title: 'Reloads and generation',
    description: 'Reloads within five minutes by result, and how many generations an instance has seen.',
    unit: 'short',
    queries: [
      {
        expr: `sum by (result) (increase(${of('vigil_config_reloads_total')}[5m]))`,
        legend: 'reload {{result}}',
      },
      { expr: highest(INSTANCE, 'vigil_config_generation'), legend: `generation ${INSTANCE_LEGEND}` },
    ],
  },
  {
    title: 'Last good configuration',
    description:
      'In use: the mounted configuration was bad at the start. Kept: a start with a bad one has something to begin with; nothing is shown with the memory store.',
    unit: 'short',
    queries: [
      { expr: highest(INSTANCE, 'vigil_config_last_good_in_use'), legend: `in use ${INSTANCE_LEGEND}` },
      {
        expr: `min by (${INSTANCE}) (${of('vigil_config_last_good_kept')})`,
        legend: `kept ${INSTANCE_LEGEND}`,
      },
    ],
  },
  {
    title: 'Observing instead of enforcing',
    description: '0: everything is enforced. 1: a part is only observed. 2: nobody is refused at all.',
    unit: 'short',
    queries: [{ expr: highest(INSTANCE, 'vigil_observing'), legend: INSTANCE_LEGEND }],
  },
  {
    title: 'What observe mode let pass',
    description: 'By what it would have been.',
    unit: 'reqps',
    queries: [
      {
        expr: `topk(10, ${rate('effect, reason', 'vigil_observed_total')})`,
        legend: '{{effect}} {{reason}}',
      },
    ],
  },
  {
    title: 'Shadow rules that would have decided',
    description: 'Rules on trial, and what they would have done.',
    unit: 'reqps',
    queries: [
      {
        expr: rate('rule, effect, outcome', 'vigil_shadow_total'),
        legend: '{{rule}} {{effect}} {{outcome}}',
      },
    ],
  },
]

const IDENTITY: readonly Panel[] = [
  {
    title: 'Verified-token cache',
    description:
      'Share of look-ups that found the token verified. It falls after each reload, because the cache starts empty.',
    unit: 'percentunit',
    queries: [
      {
        expr: `sum(rate(${of('vigil_token_cache_total', 'result="hit"')}[$__rate_interval])) / sum(rate(${of('vigil_token_cache_total')}[$__rate_interval]))`,
        legend: 'hits',
      },
    ],
  },
  {
    title: 'Age of keys',
    description:
      'Since the key set of an issuer was last confirmed; it rises above `refreshSeconds` (300) only in trouble.',
    unit: 's',
    queries: [{ expr: highest('issuer, use', 'vigil_keys_age_seconds'), legend: '{{issuer}} {{use}}' }],
  },
  {
    title: 'State of keys',
    description:
      '0 fresh, 1 used although they could not be read again, 2 not to be used: tokens are answered 503.',
    unit: 'short',
    queries: [{ expr: highest('issuer, use', 'vigil_keys_state'), legend: '{{issuer}} {{use}}' }],
  },
  {
    title: 'Fetches of key sets',
    description: '`failed` again and again: the issuer cannot be reached.',
    unit: 'reqps',
    queries: [{ expr: rate('result', 'vigil_jwks_fetch_total'), legend: '{{result}}' }],
  },
]

const RISK: readonly Panel[] = [
  {
    title: 'Findings by signal',
    description: 'What signals had to say, worrying or reassuring.',
    unit: 'reqps',
    queries: [
      {
        expr: `topk(15, ${rate('signal, reason', 'vigil_findings_total')})`,
        legend: '{{reason}}',
      },
    ],
  },
  {
    title: 'Rules whose condition could not be answered',
    description:
      '`error`: the condition goes wrong, and a rule in force denies. `unknown`: what it reads was missing.',
    unit: 'reqps',
    queries: [{ expr: rate('rule, kind', 'vigil_rule_failures_total'), legend: '{{rule}} {{kind}}' }],
  },
  {
    title: 'Signals that failed, data that are missing',
    description: 'Errors of signals per second, and 1 for each file of network data that could not be read.',
    unit: 'short',
    queries: [
      { expr: rate('signal', 'vigil_signal_errors_total'), legend: 'signal {{signal}}' },
      { expr: highest('what', 'vigil_network_data_missing'), legend: 'data {{what}}' },
    ],
  },
]

const STORE: readonly Panel[] = [
  {
    title: 'The one wait for the store',
    description: 'A check waits at most `store.budgetMs` (20 ms) and goes on without.',
    unit: 's',
    queries: [
      { expr: quantile(0.5, 'vigil_store_wait_seconds'), legend: 'p50' },
      { expr: quantile(0.99, 'vigil_store_wait_seconds'), legend: 'p99' },
    ],
  },
  {
    title: 'Store calls that failed',
    description:
      '`read` costs the check its history, `update` loses what was learned, `health` is the look every 10 s.',
    unit: 'reqps',
    queries: [{ expr: rate('call, reason', 'vigil_store_errors_total'), legend: '{{call}} {{reason}}' }],
  },
  {
    title: 'Store not fit against replay',
    description:
      '1 for each reason why Redis may forget used proofs; and how often it may have, by another primary or an emptied memory.',
    unit: 'short',
    queries: [
      { expr: highest('why', 'vigil_store_degraded'), legend: '{{why}}' },
      {
        expr: `max by (why) (increase(${of('vigil_store_losses_total')}[$__rate_interval]))`,
        legend: 'lost: {{why}}',
      },
    ],
  },
  {
    title: 'Learning dropped',
    description: 'Habits and sessions that were not written: the queue was full, or the store failed.',
    unit: 'reqps',
    queries: [{ expr: rate('reason', 'vigil_learn_dropped_total'), legend: '{{reason}}' }],
  },
  {
    title: 'Audit records dropped and left out',
    description: 'Dropped ones are lost; plain allows that the settings leave out are not.',
    unit: 'reqps',
    queries: [
      { expr: rate('sink, reason', 'vigil_audit_dropped_total'), legend: 'dropped {{sink}} {{reason}}' },
      { expr: rate('sink', 'vigil_audit_filtered_total'), legend: 'left out {{sink}}' },
    ],
  },
  {
    title: 'Audit sinks that lose records',
    description: '1 while what a sink was given last is lost.',
    unit: 'short',
    queries: [{ expr: highest('sink', 'vigil_audit_sink_losing'), legend: '{{sink}}' }],
  },
]

/** The dashboard from top to bottom. */
export const ROWS: readonly Row[] = [
  { title: 'Answers', panels: ANSWERS },
  { title: 'Configuration and rollout', panels: CONFIGURATION },
  { title: 'Identity', panels: IDENTITY },
  { title: 'Risk and policy', panels: RISK },
  { title: 'Store and audit', panels: STORE },
]
