import type { Binding, ClientFact, Facts, FingerprintFact, NetworkFact, Past, Subject } from '../model.ts'
import type { HistoryKeys } from './keys.ts'

/** Hashes of what a check shows, by feature, as they would stand in the profile. */
export type Shown = (subject: Subject, facts: Facts) => Past['shown']

const NOTHING: Past['shown'] = Object.freeze({})

/**
 * | feature | value |
 * |---|---|
 * | `device` | the device id |
 * | `network`, `country` | autonomous system and country of the address; a private address is in none |
 * | `client` | kind, browser and system of the program |
 * | `tls` | the fingerprint of the TLS handshake |
 * | `binding` | how the token was proved to be held by whom it was issued to |
 *
 * Facts are the same objects for the same address and program, so their hashes hang on them.
 */
export function createShown(keys: HistoryKeys): Shown {
  const networks = new WeakMap<NetworkFact, Readonly<Record<'network' | 'country', string | undefined>>>()
  const clients = new WeakMap<ClientFact, string>()
  const handshakes = new WeakMap<FingerprintFact, string>()
  const bindings = new Map<string, string>()
  const placesOf = (network: NetworkFact) => {
    const { asn, country } = network
    const isPrivate = network.class === 'private'
    return {
      network: asn === undefined || isPrivate ? undefined : keys.common('network', String(asn)),
      country: country === undefined || isPrivate ? undefined : keys.common('country', country),
    }
  }
  const clientOf = ({ kind, browser = '', os = '' }: ClientFact) =>
    keys.common('client', `${kind}/${browser}/${os}`)
  const handshakeOf = ({ tls = '' }: FingerprintFact) => keys.common('tls', tls)
  const bindingOf = ({ methods }: Binding) => {
    const name = methods.length === 1 ? (methods[0] ?? '') : methods.join('+')
    return remembered(bindings, name, () => keys.common('binding', name))
  }
  return (subject, { device, network, client, fingerprint }) => {
    if (subject.state !== 'identified') return NOTHING
    const { credential, binding } = subject
    const shown: Record<string, string> = {}
    if (device.id !== undefined) shown['device'] = keys.value(credential, 'device', device.id)
    const places = remembered(networks, network, placesOf)
    if (places.network !== undefined) shown['network'] = places.network
    if (places.country !== undefined) shown['country'] = places.country
    if (client.kind !== undefined) shown['client'] = remembered(clients, client, clientOf)
    if (fingerprint.tls !== undefined) shown['tls'] = remembered(handshakes, fingerprint, handshakeOf)
    if (binding.state === 'verified') shown['binding'] = bindingOf(binding)
    return shown
  }
}

interface Memory<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
}

function remembered<K, V>(memory: Memory<K, V>, key: K, make: (key: K) => V): V {
  const known = memory.get(key)
  if (known !== undefined) return known
  const made = make(key)
  memory.set(key, made)
  return made
}
