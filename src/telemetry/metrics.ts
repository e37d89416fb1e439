/** Every metric of Vigil in one table; docs/metrics.md is compared with it by a test. Labels are bounded sets. */

interface Metric {
  readonly help: string
  readonly labels: readonly string[]
  readonly unit?: string
}

export const COUNTERS = {
  vigil_checks_total: { help: 'Checks answered.', labels: ['effect', 'action', 'entrypoint', 'reason'] },
  vigil_observed_total: {
    help: 'Checks that passed in observe mode only, by what they would have been; they count as `observe` among the answered.',
    labels: ['effect', 'action', 'entrypoint', 'reason'],
  },
  vigil_checks_degraded_total: {
    help: 'Checks decided without an input that was wanted.',
    labels: ['input'],
  },
  vigil_checks_refused_total: { help: 'Checks refused before the pipeline.', labels: ['reason'] },
  vigil_findings_total: { help: 'Findings of signals.', labels: ['signal', 'reason'] },
  vigil_signal_errors_total: { help: 'Signals that threw.', labels: ['signal'] },
  vigil_shadow_total: {
    help: 'Shadow rules that would have decided.',
    labels: ['rule', 'effect', 'outcome'],
  },
  vigil_rule_failures_total: {
    help: 'Rules that acted, were passed over with the check degraded, or would have acted in shadow, although their condition was unknown or went wrong.',
    labels: ['rule', 'kind'],
  },
  vigil_token_cache_total: { help: 'Look-ups in the verified-token cache.', labels: ['result'] },
  vigil_jwks_fetch_total: { help: 'Fetches of key sets.', labels: ['result'] },
  vigil_store_errors_total: { help: 'Store calls that failed.', labels: ['call', 'reason'] },
  vigil_store_losses_total: {
    help: 'Times that Redis may have lost what was written to it: another primary (also a restart), or a memory that was emptied or is an older one.',
    labels: ['why'],
  },
  vigil_learn_dropped_total: {
    help: 'Things not learned because the queue was full or the store failed.',
    labels: ['reason'],
  },
  vigil_audit_dropped_total: { help: 'Records dropped.', labels: ['sink', 'reason'] },
  vigil_audit_filtered_total: {
    help: 'Records of plain allows that the settings of a sink leave out; not dropped.',
    labels: ['sink'],
  },
  vigil_config_reloads_total: { help: 'Reloads of configuration.', labels: ['result'] },
} as const satisfies Record<string, Metric>

export const HISTOGRAMS = {
  vigil_check_duration_seconds: { help: 'Time from arrival to answer.', labels: ['effect'], unit: 's' },
  vigil_store_wait_seconds: { help: 'The one wait for the store.', labels: [], unit: 's' },
} as const satisfies Record<string, Metric>

export const GAUGES = {
  vigil_checks_in_flight: { help: 'Checks being decided.', labels: [] },
  vigil_config_last_reload_successful: {
    help: '1 when the newest configuration is the one in use.',
    labels: [],
  },
  vigil_observing: {
    help: 'What the configuration in use observes instead of enforcing: 0 nothing, 1 a part, 2 everything.',
    labels: [],
  },
  vigil_config_generation: { help: 'Generation of the configuration in use.', labels: [] },
  vigil_config_last_good_in_use: {
    help: '1 while the configuration in use is the last good one from the store, because the mounted one was bad at the start.',
    labels: [],
  },
  vigil_config_last_good_kept: {
    help: '1 when the store holds the configuration in use, for a start at which the mounted one is bad; absent with the memory store.',
    labels: [],
  },
  vigil_audit_sink_losing: {
    help: '1 while the records that a sink was given last are lost.',
    labels: ['sink'],
  },
  vigil_network_data_missing: {
    help: '1 when the data that tell country, ASN or city of an address could not be read: the fact is missing.',
    labels: ['what'],
  },
  vigil_store_degraded: {
    help: '1 when Redis cannot be relied on for replay; it is told once connected.',
    labels: ['why'],
  },
} as const satisfies Record<string, Metric>

/** Gauges that are read when somebody collects: what has gone (a hash, an issuer) is exported no more. */
export const READINGS = {
  vigil_config_info: {
    help: 'Always 1; the label is the hash of the configuration in use, as records name it.',
    labels: ['hash'],
  },
  vigil_keys_state: {
    help: 'Keys of an issuer: 0 as fresh as they should be, 1 used although they could not be read again, 2 not to be used.',
    labels: ['issuer', 'use'],
  },
  vigil_keys_age_seconds: {
    help: 'Time since the keys of an issuer were last confirmed; of those that are fetched or read from a file.',
    labels: ['issuer', 'use'],
  },
} as const satisfies Record<string, Metric>

export type CounterName = keyof typeof COUNTERS
export type HistogramName = keyof typeof HISTOGRAMS
export type GaugeName = keyof typeof GAUGES
export type ReadingName = keyof typeof READINGS
