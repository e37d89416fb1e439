type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Objects member by member, everything else as a whole; `null` stays, it means absent in protobuf JSON. */
export function laidOver(under: unknown, over: unknown): unknown {
  if (!isObject(under) || !isObject(over)) return over
  const result: Record<string, unknown> = { ...under }
  for (const [name, value] of Object.entries(over)) result[name] = laidOver(under[name], value)
  return result
}

/** A plain GET, each on a stream of its own: CheckRequest in protobuf JSON. */
export const plainRequest = (at: string, stream: number): Json => ({
  attributes: {
    source: { address: { socketAddress: { address: '198.51.100.7', portValue: 40_000 } } },
    destination: { address: { socketAddress: { address: '192.0.2.10', portValue: 8443 } } },
    request: {
      time: at,
      http: {
        id: String(stream),
        method: 'GET',
        scheme: 'https',
        host: 'api.example.com',
        path: '/v1/orders',
        protocol: 'HTTP/2',
        // As an Envoy with `use_remote_address` sends it.
        headers: { 'x-forwarded-for': '198.51.100.7' },
      },
    },
  },
})
